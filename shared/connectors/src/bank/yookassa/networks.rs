//! Who may call back: the bank signs nothing, it only says from which networks it calls.

use std::net::IpAddr;

/// Networks callbacks come from (<https://yookassa.ru/developers/using-api/webhooks>, "IP addresses").
pub const NETWORKS: &str = "185.71.76.0/27, 185.71.77.0/27, 77.75.153.0/25, 77.75.156.11, 77.75.156.35, 77.75.154.128/25, \
    2a02:5180:0:1509::/64, 2a02:5180:0:2655::/64, 2a02:5180:0:1533::/64, 2a02:5180:0:2669::/64";

/// An address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `185.71.76.0/27` or a single address. What is neither is no network: nobody calls from there.
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    /// All of a list separated by commas.
    pub fn list(text: &str) -> Vec<Self> {
        text.split(',').filter_map(|one| Self::parse(one.trim())).collect()
    }

    /// Whether an address lies in it. An IPv4 address written as IPv6 is the IPv4 address.
    pub fn holds(self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => {
                let shift = 32_u32.saturating_sub(self.bits);
                let head = |bits: u32| bits.checked_shr(shift).unwrap_or(0);
                head(own.to_bits()) == head(peer.to_bits())
            }
            (IpAddr::V6(own), IpAddr::V6(peer)) => {
                let shift = 128_u32.saturating_sub(self.bits);
                let head = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
                head(own.to_bits()) == head(peer.to_bits())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called_from(list: &str, peer: &str) -> bool {
        let peer = peer.parse().unwrap();
        Network::list(list).into_iter().any(|network| network.holds(peer))
    }

    #[test]
    fn the_published_networks_and_nobody_else() {
        assert_eq!(Network::list(NETWORKS).len(), 10);
        let theirs = ["185.71.76.0", "185.71.77.31", "77.75.153.127", "77.75.156.11", "77.75.154.128", "77.75.154.255"];
        for peer in theirs.into_iter().chain(["2a02:5180:0:1509::1", "2a02:5180:0:2669:ffff::", "::ffff:77.75.156.35"])
        {
            assert!(called_from(NETWORKS, peer), "{peer}");
        }
        let strangers = ["185.71.76.32", "77.75.153.128", "77.75.156.12", "77.75.154.127", "127.0.0.1"];
        for peer in strangers.into_iter().chain(["2a02:5180:0:1510::1", "::1", "::ffff:127.0.0.1", "::4d4b:9c0b"]) {
            assert!(!called_from(NETWORKS, peer), "{peer}");
        }
    }

    #[test]
    fn what_is_no_network_lets_nobody_in() {
        for list in ["", " ", "x", "127.0.0.1/33", "127.0.0.1/-1", "127.0.0.1/", "::1/129", "127.0.0.1 ::1"] {
            assert_eq!(Network::list(list), [], "{list}");
        }
        assert!(called_from("x, 127.0.0.0/8", "127.9.9.9"));
        assert!(called_from("0.0.0.0/0", "203.0.113.9"));
        assert!(!called_from("0.0.0.0/0", "::1"));
    }
}
