//! The stationary registers by name. What a single register really has, its agent tells; this is what its kind commonly can.

use domain::receipt::Ffd;

/// What closes a shift before it is 24 hours old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The register's own software.
    Itself,
    /// Whoever drives it: the agent.
    Agent,
}

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Its key.
    pub key: &'static str,
    /// Its maker.
    pub vendor: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Versions of the format it can be registered with, with a current firmware.
    pub ffd: &'static [Ffd],
    /// The first receipt opens the shift.
    pub opens_shift: bool,
    /// What closes the shift.
    pub closing: Closing,
    /// It makes a receipt without paper when it is told so: for settlements on the Internet (54-ФЗ, 1.2, п. 5).
    pub paperless: bool,
}

/// Months the key of a drive lives, by the version of the format: models ФН-1.1 (13, 36) and ФН-1.1М (15, 36).
pub const DRIVE_MONTHS: [(Ffd, [u8; 2]); 2] = [(Ffd::V1_05, [13, 36]), (Ffd::V1_2, [15, 36])];
/// Documents that fit into a drive, about: its memory ends before its time in a busy shop.
pub const DRIVE_DOCUMENTS: u32 = 250_000;

/// A terminal with software of its own.
const fn terminal(key: &'static str, vendor: &'static str, name: &'static str) -> Model {
    Model { closing: Closing::Itself, ..driven(key, vendor, name) }
}

/// A register that does what whoever drives it says.
const fn driven(key: &'static str, vendor: &'static str, name: &'static str) -> Model {
    Model {
        key,
        vendor,
        name,
        ffd: &[Ffd::V1_05, Ffd::V1_2],
        opens_shift: true,
        closing: Closing::Agent,
        paperless: true,
    }
}

const EVOTOR: &str = "Эвотор";
const ATOL: &str = "АТОЛ";
const SHTRIH: &str = "ШТРИХ-М";

/// All models.
pub const MODELS: [Model; 19] = [
    terminal("evotor-5", EVOTOR, "Эвотор 5"),
    terminal("evotor-7-2", EVOTOR, "Эвотор 7.2"),
    terminal("evotor-7-3", EVOTOR, "Эвотор 7.3"),
    terminal("evotor-10", EVOTOR, "Эвотор 10"),
    driven("atol-fprint-22ptk", ATOL, "АТОЛ FPRINT-22ПТК"),
    driven("atol-11f", ATOL, "АТОЛ 11Ф"),
    driven("atol-25f", ATOL, "АТОЛ 25Ф"),
    driven("atol-30f", ATOL, "АТОЛ 30Ф"),
    driven("atol-52f", ATOL, "АТОЛ 52Ф"),
    driven("atol-55f", ATOL, "АТОЛ 55Ф"),
    driven("atol-77f", ATOL, "АТОЛ 77Ф"),
    driven("shtrih-m-01f", SHTRIH, "ШТРИХ-М-01Ф"),
    driven("shtrih-m-02f", SHTRIH, "ШТРИХ-М-02Ф"),
    driven("shtrih-light-01f", SHTRIH, "ШТРИХ-ЛАЙТ-01Ф"),
    driven("shtrih-light-02f", SHTRIH, "ШТРИХ-ЛАЙТ-02Ф"),
    driven("shtrih-on-line", SHTRIH, "ШТРИХ-ON-LINE"),
    driven("retail-01f", SHTRIH, "РИТЕЙЛ-01Ф"),
    driven("shtrih-mini-02f", SHTRIH, "ШТРИХ-МИНИ-02Ф"),
    terminal("modulkassa", "МодульКасса", "МодульКасса"),
];

/// A model by its key.
pub fn find(key: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.key == key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_model_has_a_key_of_its_own() {
        let keys: BTreeSet<_> = MODELS.iter().map(|model| model.key).collect();
        assert_eq!(keys.len(), MODELS.len());
        let plain = |key: &str| key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(keys.iter().all(|key| plain(key)));
        assert_eq!(find("atol-30f").map(|model| model.closing), Some(Closing::Agent));
    }
}
