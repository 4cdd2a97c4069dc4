//! The HTTP client behind [`Http`]: HTTP/1.1 over rustls with *ring*, no redirects, no proxies, no second attempt.
//!
//! An address a partner gave is spoken to only when it is public. The check sits in the name resolver, so the address that is
//! connected to is the address that was checked: a name that changes its mind between check and connection changes nothing.
//! Every exchange has a connection of its own. A pooled one may have died while Lambda froze the process, and a request lost on
//! it would read as *it may have happened*, which for a bank costs more than a handshake.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::http::{Http, HttpError, Identity, Request, Response};

/// Limits of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Name, connection and handshake.
    pub connect: Duration,
    /// From the first byte of the request to the last of the response, the connection included.
    pub total: Duration,
    /// Bytes of a response's body.
    pub body_bytes: usize,
}

impl Limits {
    /// What [`Http`] promises: three seconds to connect, ten in all, 256 kB.
    pub const STANDARD: Self =
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(10), body_bytes: 256 * 1024 };
}

/// Trust roots cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The bundle is not PEM.
    #[error("the additional trust roots are not PEM certificates")]
    Roots(#[source] Box<dyn Error + Send + Sync>),
}

/// A certificate that is trusted (DER).
pub type Root = CertificateDer<'static>;

/// The certificates of a PEM bundle that can be trust roots. One that cannot (bundles carry odd old ones) is left out, as
/// rustls itself does with the system's.
///
/// # Errors
/// The text is not PEM.
pub fn parse_roots(pem: &[u8]) -> Result<Vec<Root>, ClientError> {
    let all = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ClientError::Roots(error.into()))?;
    Ok(all.into_iter().filter(|root| rustls::RootCertStore::empty().add(root.clone()).is_ok()).collect())
}

/// [`Http`] over the network. Costs nothing until its first exchange: functions that call nobody load no trust roots.
pub struct ReqwestHttp {
    allow_private_hosts: bool,
    limits: Limits,
    extra_roots: Vec<CertificateDer<'static>>,
    trusted: OnceLock<reqwest::Client>,
    guarded: OnceLock<reqwest::Client>,
    known_as: Mutex<BTreeMap<Identity, reqwest::Client>>,
}

/// Identities whose clients are kept, at most: a function that serves more of them than that makes some anew.
const IDENTITIES_MAX: usize = 32;

impl ReqwestHttp {
    /// A client that trusts the web's roots and `extra_roots` (of emulators and private banks).
    /// `allow_private_hosts` lifts the guard on partner-given addresses: only on one machine.
    pub fn new(allow_private_hosts: bool, extra_roots: Vec<CertificateDer<'static>>, limits: Limits) -> Self {
        let known_as = Mutex::default();
        Self { allow_private_hosts, limits, extra_roots, trusted: OnceLock::new(), guarded: OnceLock::new(), known_as }
    }

    /// The client for this kind of address, made at first use.
    fn client(&self, guard: bool) -> Result<&reqwest::Client, HttpError> {
        let cell = if guard { &self.guarded } else { &self.trusted };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self.build(guard, None).map_err(|error| HttpError::NotSent(chain(&*error)))?;
        Ok(cell.get_or_init(|| client))
    }

    /// The client that shows an identity, made at its first use.
    fn client_as(&self, identity: &Identity) -> Result<reqwest::Client, HttpError> {
        let mut known_as = self.known_as.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known_as.get(identity) {
            return Ok(client.clone());
        }
        let client = self.build(false, Some(identity)).map_err(|error| HttpError::NotSent(chain(&*error)))?;
        if known_as.len() >= IDENTITIES_MAX {
            known_as.pop_first();
        }
        known_as.insert(identity.clone(), client.clone());
        Ok(client)
    }

    fn build(&self, guard: bool, identity: Option<&Identity>) -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in &self.extra_roots {
            roots.add(certificate.clone())?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let tls = match identity {
            None => tls.with_no_client_auth(),
            Some(identity) => {
                let certificates = CertificateDer::pem_slice_iter(identity.certificates().as_bytes());
                let key = PrivateKeyDer::from_pem_slice(identity.key().as_bytes())?;
                tls.with_client_auth_cert(certificates.collect::<Result<_, _>>()?, key)?
            }
        };
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .user_agent("Apikassa/1")
            .connect_timeout(self.limits.connect)
            .timeout(self.limits.total);
        let builder = if guard { builder.dns_resolver(PublicOnly) } else { builder };
        Ok(builder.build()?)
    }
}

#[async_trait]
impl Http for ReqwestHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let guard = request.partner_given && !self.allow_private_hosts;
        let url = address(&request.url)?;
        if guard {
            check_address(&url).map_err(|refusal| HttpError::NotSent(refusal.to_string()))?;
        }
        self.exchange(self.client(guard)?, url, request).await
    }

    async fn send_as(&self, request: Request, identity: &Identity) -> Result<Response, HttpError> {
        if request.partner_given {
            return Err(HttpError::NotSent("an address that a partner gave is told nobody's identity".to_owned()));
        }
        let url = address(&request.url)?;
        self.exchange(&self.client_as(identity)?, url, request).await
    }
}

fn address(url: &str) -> Result<url::Url, HttpError> {
    url::Url::parse(url).map_err(|error| HttpError::NotSent(format!("the address is not a URL: {error}")))
}

impl ReqwestHttp {
    async fn exchange(&self, client: &reqwest::Client, url: url::Url, request: Request) -> Result<Response, HttpError> {
        let mut outgoing = client.request(request.method, url).body(request.body);
        for (name, value) in request.headers {
            outgoing = outgoing.header(name, value);
        }
        let mut answer = outgoing.send().await.map_err(without_response)?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = read(&mut answer, self.limits.body_bytes).await?;
        Ok(Response { status, headers, body })
    }
}

/// Reads a body up to its limit. A broken or endless one is no answer: what it would have said is not known.
async fn read(answer: &mut reqwest::Response, limit: usize) -> Result<Bytes, HttpError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(without_response)? {
        if body.len() + chunk.len() > limit {
            return Err(HttpError::Unknown(format!("the response is larger than {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether a failed exchange can have reached the other side. The address is left out of the text: its path may be a secret.
fn without_response(error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        HttpError::NotSent(chain(&error))
    } else {
        HttpError::Unknown(chain(&error))
    }
}

/// An error and its causes on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Why a partner-given address is not spoken to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefusal {
    /// Anything but `https`.
    #[error("the scheme is {0}, only https is spoken")]
    Scheme(String),
    /// `https://user:password@…`
    #[error("the address carries a user or a password")]
    UserInfo,
    /// A host only reachable from within: no dot, `localhost`, `.internal` and their like.
    #[error("the host {0} is not a public name")]
    Name(String),
    /// A name or a literal of an address that is not on the public internet.
    #[error("the address {0} is not public")]
    Private(IpAddr),
}

/// Whether a partner-given address may be spoken to, as far as its text tells. What its name resolves to is checked when
/// connecting; a cabinet calls this to refuse early.
///
/// # Errors
/// It may not, and why.
pub fn check_address(url: &url::Url) -> Result<(), AddressRefusal> {
    if url.scheme() != "https" {
        return Err(AddressRefusal::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressRefusal::UserInfo);
    }
    match url.host() {
        Some(url::Host::Ipv4(address)) => check_ip(IpAddr::V4(address)),
        Some(url::Host::Ipv6(address)) => check_ip(IpAddr::V6(address)),
        Some(url::Host::Domain(name)) => check_name(name),
        None => Err(AddressRefusal::Name(String::new())),
    }
}

fn check_ip(address: IpAddr) -> Result<(), AddressRefusal> {
    if is_public(address) { Ok(()) } else { Err(AddressRefusal::Private(address)) }
}

/// Last labels of names that no public resolver answers for (RFC 6761, RFC 6762, RFC 8375, the ICANN-reserved `internal`).
const INNER_SUFFIXES: [&str; 9] =
    ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "home.arpa"];

fn check_name(name: &str) -> Result<(), AddressRefusal> {
    let bare = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let inner = INNER_SUFFIXES
        .iter()
        .any(|suffix| bare.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let first_label = bare.split('.').next().unwrap_or_default();
    if inner || !bare.contains('.') || first_label == "metadata" {
        return Err(AddressRefusal::Name(bare));
    }
    Ok(())
}

/// Whether an address is on the public internet (IANA's special-purpose registries, RFC 6890 and its updates).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // "this network", private, loopback; multicast 224/4 and reserved 240/4 with broadcast
        [0 | 10 | 127 | 224..=255, ..]
        // link-local (the cloud's metadata lives there), private
        | [169, 254, ..]
        | [192, 168, ..]
        // protocol assignments, documentation, former 6to4 relays
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        // benchmarks, documentation
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        // private, carrier-grade NAT
        | [172, 16..=31, ..]
        | [100, 64..=127, ..] => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocol assignments with Teredo, documentation, 6to4, documentation: they lead elsewhere or nowhere.
        [0x2001, 0x0000..=0x01ff | 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0x0000..=0x0fff, ..] => false,
        // Only 2000::/3 is global unicast: loopback, unspecified, v4-mapped, NAT64, ULA, link-local, multicast are outside it.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// A resolver that answers only with public addresses, and not at all when a name mixes them with others.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            check_name(name.as_str())?;
            // Port 0 is replaced by the URL's.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                check_ip(address.ip())?;
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.254",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.1",
            "2606:4700::1111",
            "2a02:6b8::242",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn only_https_addresses_of_public_names_are_spoken_to() {
        let check = |text: &str| check_address(&url::Url::parse(text).unwrap());
        for refused in [
            "http://partner.example/hook",
            "ftp://partner.example/",
            "https://user@partner.example/",
            "https://:pw@partner.example/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://shop/",
            "https://shop.internal/",
            "https://db.local/",
            "https://metadata.google.com/",
            "https://printer.home.arpa/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/",
        ] {
            check(refused).unwrap_err();
        }
        for spoken in [
            "https://partner.example/hook?x=1",
            "https://partner.example:8443/",
            "https://1.1.1.1/",
            "https://xn--80ak6aa92e.com/",
            "https://localhost.partner.example/",
        ] {
            check(spoken).unwrap();
        }
    }

    const SHORT: Limits =
        Limits { connect: Duration::from_millis(500), total: Duration::from_millis(700), body_bytes: 1000 };

    /// A server that answers every connection with `reply`, or says nothing; and its address.
    async fn server(reply: &'static str) -> String {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    if reply.is_empty() {
                        tokio::time::sleep(Duration::from_mins(1)).await;
                    }
                    let _ = stream.write_all(reply.as_bytes()).await;
                });
            }
        });
        format!("http://{address}/hook")
    }

    async fn send(url: String, partner_given: bool, allow_private_hosts: bool) -> Result<Response, HttpError> {
        let http = ReqwestHttp::new(allow_private_hosts, Vec::new(), SHORT);
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = Bytes::from_static(b"{}");
        http.send(Request { method: http::Method::POST, url, headers, body, partner_given }).await
    }

    #[tokio::test]
    async fn an_answer_comes_back_with_lower_case_headers() {
        let url = server("HTTP/1.1 201 Created\r\nX-Their-Id: 7\r\ncontent-length: 2\r\n\r\nok").await;
        let answer = send(url, true, true).await.unwrap();
        assert_eq!((answer.status, answer.header("x-their-id"), &answer.body[..]), (201, Some("7"), &b"ok"[..]));
    }

    #[tokio::test]
    async fn a_private_host_is_refused_to_a_partner_but_not_to_the_deployment() {
        let url = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert!(matches!(send(url.clone(), true, false).await, Err(HttpError::NotSent(_))));
        assert_eq!(send(url.clone(), false, false).await.unwrap().status, 200);
        assert_eq!(send(url, true, true).await.unwrap().status, 200);
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_not_connected_to() {
        let refused = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(refused.is_err());
        // The guard holds below the text of the address: here the client is asked directly.
        let http = ReqwestHttp::new(false, Vec::new(), SHORT);
        let url = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.replace("127.0.0.1", "localhost");
        let refused = http.client(true).unwrap().get(url).send().await.unwrap_err();
        assert!(matches!(without_response(refused), HttpError::NotSent(text) if text.contains("not a public name")));
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let url = server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(send(url, true, true).await.unwrap().status, 302);
    }

    #[tokio::test]
    async fn an_oversize_body_is_no_answer() {
        let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n{}", "x".repeat(1001));
        let url = server(Box::leak(reply.into_boxed_str())).await;
        assert!(matches!(send(url, true, true).await, Err(HttpError::Unknown(text)) if text.contains("1000 bytes")));
    }

    #[tokio::test]
    async fn silence_and_a_broken_answer_are_unknown() {
        let silent = server("").await;
        assert!(matches!(send(silent, true, true).await, Err(HttpError::Unknown(_))));
        let broken = server("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok").await;
        assert!(matches!(send(broken, true, true).await, Err(HttpError::Unknown(_))));
    }

    #[tokio::test]
    async fn a_refused_connection_was_not_sent() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/secret-token", listener.local_addr().unwrap());
        drop(listener);
        let refused = send(url, true, true).await;
        assert!(matches!(refused, Err(HttpError::NotSent(text)) if !text.contains("secret-token")));
    }

    #[tokio::test]
    async fn an_unspeakable_header_or_address_was_not_sent() {
        assert!(matches!(send("not a url".into(), false, true).await, Err(HttpError::NotSent(_))));
        let http = ReqwestHttp::new(true, Vec::new(), SHORT);
        let request = Request {
            method: http::Method::GET,
            url: "http://127.0.0.1:1/".into(),
            headers: vec![("x-broken", "line\nfeed".into())],
            body: Bytes::new(),
            partner_given: false,
        };
        assert!(matches!(http.send(request).await, Err(HttpError::NotSent(_))));
    }

    #[test]
    fn additional_roots_are_those_of_the_bundle_that_can_be_trusted() {
        let bundle = |content: &str| format!("-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n");
        parse_roots(bundle("%%%").as_bytes()).unwrap_err();
        assert!(parse_roots(bundle("AAAA").as_bytes()).unwrap().is_empty());
        assert!(parse_roots(b"").unwrap().is_empty());
    }
}
