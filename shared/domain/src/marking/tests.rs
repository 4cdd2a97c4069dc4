//! Codes from the published examples, codes put together at random, and codes that went wrong on their way.

use proptest::prelude::*;

use super::read::wanted_digit;
use super::*;
use crate::receipt::ReceiptKind;

/// Examples of tag 1162 in the tax service's order, as drivers' public tests repeat them: kind, tag in 1163, value, tag 1162.
const PUBLISHED: [(&str, u16, &str, &str); 8] = [
    ("46198488", 1301, "46198488", "45 08 00 00 02 C0 EE D8"),
    ("4606203090785", 1302, "4606203090785", "45 0D 04 30 77 19 57 61"),
    ("14601234567890", 1303, "14601234567890", "49 0E 0D 47 9D 66 52 D2"),
    (
        "010460043993125621JgXJ5.T\u{1d}8005112000\u{1d}930001\u{1d}923zbrLA==\u{1d}24014276281",
        1305,
        "010460043993125621JgXJ5.T",
        "44 4D 04 2F 1F 96 81 78 4A 67 58 4A 35 2E 54 31 31 32 30 30 30",
    ),
    (
        "010460406000600021N4N57RSCBUZTQ\u{1d}2403004002910161218\u{1d}1724010191ffd0\u{1d}92tIAF/YVoU4roQS3M/m4z78yFq0fc/WsSmLeX5QkF/YVWwy8IMYAeiQ91Xa2z/fFSJcOkb2N+uUUmfr4n0mOX0Q==",
        1305,
        "010460406000600021N4N57RSCBUZTQ",
        "44 4D 04 2F F7 5C 76 70 4E 34 4E 35 37 52 53 43 42 55 5A 54 51",
    ),
    (
        "00000046198488X?io+qCABm8wAYa",
        1306,
        "010000004619848821X?io+qC",
        "44 4D 00 00 02 C0 EE D8 58 3F 69 6F 2B 71 43 41 42 6D 38 20 20",
    ),
    (
        "RU-401301-AAA0277031",
        1307,
        "RU-401301-AAA0277031",
        "52 46 52 55 2D 34 30 31 33 30 31 2D 41 41 41 30 32 37 37 30 33 31",
    ),
    (
        "22N00002NU5DBKYDOT17ID980726019019608CW1A4XR5EJ7JKFX50FHHGV92ZR2GZRZ",
        1308,
        "NU5DBKYDOT17ID980726019",
        "C5 14 4E 55 35 44 42 4B 59 44 4F 54 31 37 49 44 39 38 30 37 32 36 30 31 39",
    ),
];

#[test]
fn the_published_examples_come_out_as_published() {
    for (text, tag, value, bytes) in PUBLISHED {
        let mark = parse(text).unwrap();
        assert_eq!(mark.tag_1163(), (tag, value.to_owned()), "{text}");
        assert_eq!(mark.tag_1162_text(), bytes, "{text}");
        assert_eq!(mark.raw(), text);
        assert_eq!(MarkKind::of_tag(tag), Some(mark.kind()));
    }
    // A stamp of 150 characters (a payment service's public test).
    let stamp = "195301267736820121001EO2BBV3RRHXBJTZYOD5A2IU5XMHT3ZKW44TYYAYE3GXPGSQTGJQS43TG5WLWTQVNHVHI2A6H7RBFYY4VO4THCK5HSFFUPMCAA7ZHNNXZ4ILMESLIGZPONDEQ5CK3J76JY";
    let mark = parse(stamp).unwrap();
    assert_eq!(mark.tag_1163(), (1309, "19530126773682".into()));
    assert_eq!(mark.tag_1162_text(), "C5 1E 31 39 35 33 30 31 32 36 37 37 33 36 38 32");
}

#[test]
fn a_public_vector_with_its_separators_and_without() {
    // The payment service's test has lost the separators: what it calls the serial number is a guess by its length.
    let lost = "010463003407001221SxMGorvNuq6Wk91fgr92sdfsdfghfgjh";
    assert_eq!(parse(lost), Err(MarkError::SeparatorsLost(32)));
    let mark = parse("010463003407001221SxMGorvNuq6Wk\u{1d}91fgr\u{1d}92sdfsdfghfgjh").unwrap();
    let rest = "04 36 03 89 39 FC 53 78 4D 47 6F 72 76 4E 75 71 36 57 6B";
    assert_eq!(mark.tag_1162_text(), format!("44 4D {rest}"));
    assert_eq!(spaced(&mark.tag_1162_as([0, 5])), format!("00 05 {rest}"));
    assert_eq!((mark.gtin(), mark.serial()), (Some("04630034070012"), Some("SxMGorvNuq6Wk")));
    assert_eq!((mark.kind(), mark.names_a_unit()), (MarkKind::Gs1Marked, true));
}

#[test]
fn what_the_reader_added_is_taken_off() {
    let plain = "0104601936005464215hHUGT\u{1d}93dpD0";
    for prefix in ["", "]d2", "]C1", "\u{1d}", "]d2\u{1d}", "\u{e8}"] {
        let mark = parse(&format!("{prefix}{plain}")).unwrap();
        assert_eq!(mark.raw(), plain, "{prefix:?}");
        assert_eq!(mark.tag_1163(), (1305, "0104601936005464215hHUGT".into()));
    }
}

#[test]
fn a_code_without_its_check_code_is_known_as_such() {
    let mark = parse("010460193600546421SERIAL0000013").unwrap();
    assert_eq!((mark.kind(), mark.names_a_unit()), (MarkKind::Gs1, true));
    // Seven characters after the identifier: as long as a short code, and none.
    assert_eq!(parse("010460043993125621JgXJ5.T").unwrap().kind(), MarkKind::Gs1);
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("", MarkError::Empty),
        ("]d2", MarkError::Empty),
        ("0104601936005464215hHUGT\\u001d93dpD0", MarkError::WrittenSeparator("\\u001d")),
        ("0104601936005464215hHUGT<GS>93dpD0", MarkError::WrittenSeparator("<gs>")),
        ("0104601936005464215hHUGT\u{241d}93dpD0", MarkError::WrittenSeparator("␝")),
        ("0104601936005464215hHUGT%1D93dpD0", MarkError::WrittenSeparator("%1d")),
        ("(01)04601936005464(21)5hHUGT(93)dpD0", MarkError::Brackets),
        ("0104601936005464215hHUGТ\u{1d}93dpD0", MarkError::Character { at: 24, code: 0x0422 }),
        ("0104601936005464215hHUGT\u{1d}93dpD0\r\n", MarkError::Character { at: 32, code: 13 }),
        ("0104601936005464215hHUGT 93dpD0", MarkError::Character { at: 25, code: 32 }),
        ("0104601936005465215hHUGT\u{1d}93dpD0", MarkError::CheckDigit { number: "04601936005465".into(), wanted: 4 }),
        ("4606203090786", MarkError::CheckDigit { number: "4606203090786".into(), wanted: 5 }),
        ("0104601936005464\u{1d}93dpD0", MarkError::NoSerial),
        ("215hHUGT\u{1d}93dpD0", MarkError::NoGtin),
        ("0104601936005464215hHUGT\u{1d}91EE05", MarkError::CutOff),
        ("0104601936005464215hHUGT\u{1d}ZZ", MarkError::Element { at: 26, found: "ZZ".into() }),
        ("0104601936005464215hHUGT\u{1d}\u{1d}93dpD0", MarkError::Element { at: 26, found: "\u{1d}93dpD0".into() }),
        ("0104601936005464215hHUGT\u{1d}93dpD0\u{1d}", MarkError::Element { at: 32, found: "0x1D".into() }),
        ("0104601936005464215hHUGT\u{1d}0104601936005464215hHUGT", MarkError::Twice("01")),
    ];
    for (text, error) in cases {
        assert_eq!(parse(text), Err(error.clone()), "{text:?}");
        assert!(!error.to_string().is_empty() && !error.ru().is_empty());
    }
    assert_eq!(parse(&"7".repeat(224)), Err(MarkError::Long(224)));
}

#[test]
fn what_has_no_form_is_unrecognised_and_a_barcode_names_no_unit() {
    let mark = parse("A46198488").unwrap();
    assert_eq!(mark.tag_1162_text(), "00 00 41 34 36 31 39 38 34 38 38");
    assert_eq!(mark.tag_1163(), (1300, "A46198488".into()));
    assert!(!mark.names_a_unit() && !parse("4606203090785").unwrap().names_a_unit());
    let long = parse(&"X".repeat(66)).unwrap();
    assert_eq!((long.tag_1162().len(), long.tag_1163().1.len()), (32, 32));
}

#[test]
fn every_kind_has_a_tag_of_its_own() {
    let tags: std::collections::BTreeSet<_> = MarkKind::ALL.iter().map(|kind| kind.tag()).collect();
    let wanted: std::collections::BTreeSet<u16> = (1300..=1309).chain(1320..=1325).collect();
    assert_eq!(tags, wanted);
    assert!(MarkKind::ALL.into_iter().all(|kind| MarkKind::of_tag(kind.tag()) == Some(kind)));
}

#[test]
fn the_result_of_a_check_is_read_by_its_bits() {
    assert_eq!(CheckResult::GOOD.verdict(), Verdict::Good);
    for (bits, verdict) in [
        (0b0000, Verdict::Unchecked),
        (0b0001, Verdict::Bad),
        (0b0011, Verdict::Unchecked),
        (0b0111, Verdict::Bad),
        (0b0101, Verdict::Bad),
        (0b1101, Verdict::Bad),
        (0b1100, Verdict::Unchecked),
        (0b1_0011, Verdict::Unchecked),
    ] {
        assert_eq!(CheckResult(bits).verdict(), verdict, "{bits:b}");
    }
    let (ru, en) = CheckResult(0b1_0011).words();
    assert_eq!(ru, "код проверки верен, сведения о товаре не получены; касса работала автономно");
    assert_eq!(en, "the check code is right, the status of the goods is not known; the register was offline");
    assert_eq!(Verdict::Good.text(), "[М+]");
}

#[test]
fn the_planned_status_follows_the_receipt() {
    let statuses = [(ReceiptKind::Sale, false), (ReceiptKind::Sale, true)]
        .into_iter()
        .chain([(ReceiptKind::SaleRefund, false), (ReceiptKind::SaleRefund, true)])
        .map(|(kind, part)| PlannedStatus::of(kind, part).tag_2003());
    assert_eq!(statuses.collect::<Vec<_>>(), [1, 2, 3, 4]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_never_breaks_the_reader(text in "\\PC{0,40}|[\\x1d-\\x7e]{0,230}|01[0-9]{14}[\\x1d0-9A-Z]{0,40}") {
        if let Ok(mark) = parse(&text) {
            prop_assert!(mark.tag_1162().len() <= 32);
            prop_assert!(!mark.tag_1163().1.is_empty());
            prop_assert_eq!(parse(mark.raw()).map(|again| again.kind()), Ok(mark.kind()));
        }
    }

    #[test]
    fn a_code_put_together_is_taken_apart_again(
        body in 0_u64..10_000_000_000_000, serial in "[A-Za-z0-9!\"%&'*+,./:;<=>?_-]{1,20}",
        code in "[A-Za-z0-9+/]{44}", price in proptest::option::of("[0-9]{6}"),
    ) {
        let unchecked = format!("{body:013}0");
        let gtin = format!("{body:013}{}", wanted_digit(&unchecked));
        let price_element = price.as_ref().map(|price| format!("8005{price}\u{1d}")).unwrap_or_default();
        let text = format!("01{gtin}21{serial}\u{1d}{price_element}91EE05\u{1d}92{code}");
        let mark = parse(&text).unwrap();
        prop_assert_eq!((mark.gtin(), mark.serial()), (Some(gtin.as_str()), Some(serial.as_str())));
        let bytes = mark.tag_1162();
        let number = bytes[2..8].iter().fold(0_u64, |number, byte| number * 256 + u64::from(*byte));
        prop_assert_eq!(format!("{number:014}"), gtin);
        let tail: Vec<u8> = serial.bytes().chain(price.iter().flat_map(|price| price.bytes())).take(24).collect();
        prop_assert_eq!(&bytes[8..], &tail[..]);
    }
}
