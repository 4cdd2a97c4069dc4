//! Text as a fiscal drive takes it: CP866 (manual, 1.2.6). What CP866 lacks the vendor leaves out without a word.

use encoding_rs::IBM866;

/// Characters CP866 lacks, with what is printed for each.
const STAND_INS: &[(&str, char)] = &[
    ("«»„“”‟″〝〞", '"'),
    ("‘’‚‛‹›′´ʼ＇", '\''),
    ("‐‑‒–—―−﹣－", '-'),
    ("…‥", '.'),
    ("•‣⁃◦", '∙'),
    ("×✕✖", 'x'),
    ("¹", '1'),
    ("²", '2'),
    ("³", '3'),
    ("©", 'c'),
    ("®", 'r'),
    ("™", 't'),
    ("₽", 'р'),
    ("€", 'E'),
    ("¢", 'c'),
    ("µ", 'u'),
    ("º˚", '°'),
    ("ÀÁÂÃÄÅĀĂĄ", 'A'),
    ("àáâãäåāăąª", 'a'),
    ("ÇĆČ", 'C'),
    ("çćč", 'c'),
    ("Ď", 'D'),
    ("ď", 'd'),
    ("ÈÉÊËĒĖĘĚ", 'E'),
    ("èéêëēėęě", 'e'),
    ("ÌÍÎÏĪĮİІӀ", 'I'),
    ("ìíîïīįіı", 'i'),
    ("ŁĹĽ", 'L'),
    ("łĺľ", 'l'),
    ("ÑŃŇ", 'N'),
    ("ñńň", 'n'),
    ("ÒÓÔÕÖØŌŐ", 'O'),
    ("òóôõöøōő", 'o'),
    ("ŘŔ", 'R'),
    ("řŕ", 'r'),
    ("ŚŠŞȘ", 'S'),
    ("śšşșß", 's'),
    ("ŤŢȚ", 'T'),
    ("ťţț", 't'),
    ("ÙÚÛÜŪŮŰ", 'U'),
    ("ùúûüūůű", 'u'),
    ("ÝŸ", 'Y'),
    ("ýÿ", 'y'),
    ("ŹŻŽ", 'Z'),
    ("źżž", 'z'),
    ("ҐҒ", 'Г'),
    ("ґғ", 'г'),
    ("Ә", 'Э'),
    ("ә", 'э'),
    ("Җ", 'Ж'),
    ("җ", 'ж'),
    ("Қ", 'К'),
    ("қ", 'к'),
    ("Ң", 'Н'),
    ("ң", 'н'),
    ("Ө", 'О'),
    ("ө", 'о'),
    ("ҮҰ", 'У'),
    ("үұ", 'у'),
    ("Һ", 'Х'),
    ("һ", 'х'),
    ("І", 'I'),
    ("і", 'i'),
    ("Ј", 'J'),
    ("ј", 'j'),
];

/// Letters written as two characters, a letter and a mark over it, as some keyboards and file systems do.
const COMPOSED: [((char, char), char); 10] = [
    (('и', '\u{306}'), 'й'),
    (('И', '\u{306}'), 'Й'),
    (('у', '\u{306}'), 'ў'),
    (('У', '\u{306}'), 'Ў'),
    (('е', '\u{308}'), 'ё'),
    (('Е', '\u{308}'), 'Ё'),
    (('i', '\u{308}'), 'ї'),
    (('I', '\u{308}'), 'Ї'),
    (('і', '\u{308}'), 'ї'),
    (('І', '\u{308}'), 'Ї'),
];

/// The text in characters a register prints: one for one, so that it grows no longer and no letter is lost. What has no likeness
/// is a question mark; marks that are not seen (soft hyphens, joiners, directions) go.
pub fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    let mut last = None;
    for c in text.chars() {
        if is_unseen(c) {
            continue;
        }
        if is_combining(c) {
            let whole = last.and_then(|last| COMPOSED.iter().find(|(pair, _)| *pair == (last, c)));
            if let Some((_, whole)) = whole {
                printed.pop();
                printed.push(*whole);
            }
            // Any other accent goes, its letter stays.
            last = None;
            continue;
        }
        printed.push(stand_in(c));
        last = Some(c);
    }
    printed
}

/// Bytes of a text in CP866.
pub fn length(text: &str) -> usize {
    printable(text).chars().count()
}

fn stand_in(c: char) -> char {
    if c.is_control() || c.is_whitespace() {
        return ' '; // CP866 has a space that does not break, and a receipt has no use for it
    }
    if in_cp866(c) {
        return c;
    }
    STAND_INS.iter().find(|(these, _)| these.contains(c)).map_or('?', |(_, stand_in)| *stand_in)
}

fn in_cp866(c: char) -> bool {
    let mut bytes = [0; 4];
    c.is_ascii() || !IBM866.encode(c.encode_utf8(&mut bytes)).2
}

const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

const fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_vendor_would_leave_out_is_put_in_other_words() {
        let cases = [
            ("Сок «Мечта»", "Сок \"Мечта\""),
            ("ООО „Ромашка“ – “Лютик” — ‘Василёк’", "ООО \"Ромашка\" - \"Лютик\" - 'Василёк'"),
            ("Выписка № 5…", "Выписка № 5."),
            ("10\u{a0}000\u{202f}₽", "10 000 р"),
            ("Крем 50\u{2009}мл × 2, 4,5 м²", "Крем 50 мл x 2, 4,5 м2"),
            ("Café Zürich, naïve", "Cafe Zurich, naive"),
            ("Қазақстан, Әлем, Київ, Мінск, ў", "Казакстан, Элем, Київ, Мiнск, ў"),
            ("Чай 🍵 к обеду", "Чай ? к обеду"),
            ("по\u{ad}ездка\u{200b} туда", "поездка туда"),
            ("и\u{306}од, е\u{308}ж, cafe\u{301}", "йод, ёж, cafe"),
            ("строка\tи\nещё", "строка и ещё"),
            ("日本", "??"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected, "{text}");
        }
    }

    #[test]
    fn russian_and_what_stands_on_keyboards_is_printed_as_it_is() {
        let letters: String = ('А'..='я').chain(['Ё', 'ё', '№', '°', '√', '·']).collect();
        let keyboard: String = (' '..='~').collect();
        for text in [letters, keyboard] {
            assert_eq!(printable(&text), text);
        }
    }

    #[test]
    fn all_that_is_printed_is_cp866_and_no_letter_is_lost() {
        for c in '\0'..='\u{2fff}' {
            let printed = printable(&c.to_string());
            assert!(!IBM866.encode(&printed).2, "{c:?} as {printed:?}");
            let seen = !is_unseen(c) && !is_combining(c);
            assert_eq!(printed.chars().count(), usize::from(seen), "{c:?}");
        }
        for (these, stand_in) in STAND_INS {
            assert!(in_cp866(*stand_in), "{stand_in}");
            for c in these.chars() {
                assert!(!in_cp866(c), "{c} is printed as it is");
            }
        }
    }
}
