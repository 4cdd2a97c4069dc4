//! The bytes of an exchange file: CP1251, CP866 and UTF-8.

use encoding_rs::{Encoding, IBM866, UTF_8, WINDOWS_1251};

/// The encodings an exchange file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// CP1251, `Windows`.
    Windows,
    /// CP866, `DOS`.
    Dos,
    /// UTF-8, which the standard does not know and banks write all the same.
    Utf8,
}

impl Charset {
    const ALL: [Self; 3] = [Self::Utf8, Self::Windows, Self::Dos];

    const fn encoding(self) -> &'static Encoding {
        match self {
            Self::Windows => WINDOWS_1251,
            Self::Dos => IBM866,
            Self::Utf8 => UTF_8,
        }
    }

    /// What `Кодировка` may say for it.
    pub(super) fn is_called(self, name: &str) -> bool {
        let name = name.trim().to_ascii_lowercase();
        let names: &[&str] = match self {
            Self::Windows => &["windows", "windows-1251", "cp1251", "win"],
            Self::Dos => &["dos", "cp866", "ibm866"],
            Self::Utf8 => &["utf-8", "utf8"],
        };
        names.contains(&name.as_str())
    }

    /// Whether any encoding is called so.
    pub(super) fn any_called(name: &str) -> bool {
        Self::ALL.into_iter().any(|charset| charset.is_called(name))
    }
}

/// Reads a file in the one encoding that its header's own keys can be read in: what the header says of itself may be wrong, the
/// bytes of its keys are not. Nothing when there is no such encoding.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    Charset::ALL.into_iter().find_map(|charset| {
        let (text, had_errors) = charset.encoding().decode_with_bom_removal(bytes);
        let readable = !had_errors && ["ВерсияФормата=", "Кодировка="].iter().any(|key| text.contains(key));
        readable.then(|| text.into_owned())
    })
}

/// Writes CP1251. Typographic characters it lacks become their plain cousins, others a question mark.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        let character = match character {
            '\u{2212}' | '\u{2010}' | '\u{2011}' | '\u{2012}' => '-',
            '\u{2033}' | '\u{201f}' => '"',
            '\u{2002}'..='\u{200a}' | '\u{202f}' => ' ',
            other => other,
        };
        let mut buffer = [0; 4];
        let (encoded, _, unmappable) = WINDOWS_1251.encode(character.encode_utf8(&mut buffer));
        bytes.extend_from_slice(if unmappable { b"?" } else { &encoded });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_tell_the_encoding() {
        let text = "1CClientBankExchange\r\nВерсияФормата=1.03\r\nКодировка=Windows\r\nЁлка №5\r\n";
        for charset in Charset::ALL {
            let (bytes, _, unmappable) = charset.encoding().encode(text);
            assert!(!unmappable);
            assert_eq!(decode(&bytes).as_deref(), Some(text), "{charset:?}");
        }
        assert_eq!(decode(&[b"\xef\xbb\xbf", text.as_bytes()].concat()).as_deref(), Some(text));
        assert_eq!(decode(b"1CClientBankExchange\r\nVersion=1\r\n"), None);
        assert_eq!(decode(&[0xff, 0xfe, 0x31, 0x00]), None);
        assert!(Charset::Windows.is_called("Windows") && Charset::Dos.is_called("DOS") && Charset::any_called("UTF-8"));
        assert!(!Charset::any_called("KOI8-R"));
    }

    #[test]
    fn what_cp1251_lacks_is_written_plainly() {
        assert_eq!(encode("−1\u{202f}000 «ё» №"), WINDOWS_1251.encode("-1 000 «ё» №").0.into_owned());
        assert_eq!(encode("☃"), b"?");
    }
}
