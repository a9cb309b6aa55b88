//! Examples that are right and wrong, each way of writing one, and what a check must never overlook.

use proptest::prelude::*;

use super::{Check::*, Identifier, IdentifierType as Type};
use crate::clock::Moment;

fn now() -> Moment {
    Moment::from_rfc3339("2026-11-27T09:00:00Z").unwrap()
}

fn read(kind: Type, text: &str) -> Option<(String, super::Check)> {
    Identifier::parse(kind, text).ok().map(|one| (one.canonical(now()), one.check()))
}

#[test]
fn right_ones_are_written_in_one_way() {
    let right = [
        (Type::Nhs, "999 000-0018", "9990000018"),
        (Type::Pnc, "81/34U", "1981/0000034U"),
        (Type::Pnc, "1981/34U", "1981/0000034U"),
        (Type::Pnc, " 1981 / 0000034 / u ", "1981/0000034U"),
        (Type::Pnc, "1981-34-U", "1981/0000034U"),
        (Type::Pnc, "1981 34U", "1981/0000034U"),
        (Type::Pnc, "8134U", "1981/0000034U"),
        (Type::Pnc, "02/73319Z", "2002/0073319Z"),
        (Type::Pnc, "00/223R", "2000/0000223R"),
        (Type::Pnc, "033Y", "2003/0000003Y"),
        (Type::Pnc, "20020073319Z", "2002/0073319Z"),
        (Type::Pnc, "1979/0163001B", "1979/0163001B"),
        (Type::Pnc, "1967/9893091D", "1967/9893091D"),
        (Type::Pnc, "2004/0046583U", "2004/0046583U"),
        (Type::Pnc, "1999/9999999V", "1999/9999999V"),
        (Type::Pnc, "24/123456F", "2024/0123456F"),
        (Type::Cro, "65656/91H", "065656/91H"),
        (Type::Cro, "311462/13e", "311462/13E"),
        (Type::Cro, "323927/90F", "323927/90F"),
        (Type::Cro, "SF05/482703J", "SF05/482703J"),
        (Type::Cro, "sf83/50058 Z", "SF83/50058Z"),
        (Type::Cro, "1/99W", "000001/99W"),
        (Type::Asn, "97/0000/00/123456K", "9700000000000123456K"),
        (Type::Asn, "11/01ZD/01/448754K", "1101ZD0100000448754K"),
        (Type::Asn, "11/01zd/01/00000448754/K", "1101ZD0100000448754K"),
        (Type::Asn, "1101ZD01448754K", "1101ZD0100000448754K"),
        (Type::Asn, "22FD112200001234560X", "22FD112200001234560X"),
        (Type::Asn, "221FD112200001234560X", "221FD112200001234560X"),
        (Type::Asn, "22/1FD11/22/1234560X", "221FD112200001234560X"),
        (Type::Asn, "2202XC0200000000021R", "2202XC0200000000021R"),
        (Type::Asn, "2005FF0500000000555P", "2005FF0500000000555P"),
        (Type::Asn, "2406AA0000000000001G", "2406AA0000000000001G"),
        (Type::CourtCase, "12/2732/15R", "12/2732/000015R"),
        (Type::CourtCase, "09/0413/000443f", "09/0413/000443F"),
        (Type::CourtCase, "99/0000/000001X", "99/0000/000001X"),
    ];
    for (kind, text, canonical) in right {
        assert_eq!(read(kind, text), Some((canonical.to_owned(), Valid)), "{text}");
    }
    let unchecked = [
        (Type::Crn, "x320741", "X320741"),
        (Type::Crn, "D001022", "D001022"),
        (Type::PrisonNumber, " a1234bc", "A1234BC"),
        (Type::Urn, "20gf0217100", "20GF0217100"),
        (Type::Urn, "53/CP/2215321", "53CP2215321"),
        (Type::Urn, "25GD34077819", "25GD34077819"),
        (Type::CustodyRecord, "ng-26/004417", "NG-26/004417"),
    ];
    for (kind, text, canonical) in unchecked {
        assert_eq!(read(kind, text), Some((canonical.to_owned(), NotChecked)), "{text}");
    }
}

#[test]
fn a_wrong_letter_or_digit_is_told_and_never_repaired() {
    let wrong = [
        (Type::Nhs, "9990000019", "9990000019"),
        (Type::Pnc, "2003/0011985Z", "2003/0011985Z"),
        (Type::Pnc, "23/583843N", "2023/0583843N"),
        (Type::Cro, "85227/65G", "085227/65G"),
        // Filled up with zeros, the letter of an SF number would be this one.
        (Type::Cro, "SF83/50058B", "SF83/50058B"),
        (Type::Asn, "97/0000/00/123456J", "9700000000000123456J"),
        (Type::Asn, "99/00NP/01/1T", "9900NP0100000000001T"),
        (Type::CourtCase, "99/0000/000001A", "99/0000/000001A"),
    ];
    for (kind, text, canonical) in wrong {
        assert_eq!(read(kind, text), Some((canonical.to_owned(), Invalid)), "{text}");
    }
}

#[test]
fn another_form_is_refused() {
    let wrong: &[(Type, &[&str])] = &[
        (Type::Nhs, &["", "999000001", "99900000181", "999000001X"]),
        (
            Type::Pnc,
            &[
                "",
                "0000",
                "2012/0052494O",
                "2001/0171310S",
                "1X23/1234567A",
                "1923/1Z34567A",
                "198/34U",
                "1881/34U",
                "1981/12345678U",
                "1981/U",
                "/34U",
                "81/34",
                "198100000034U",
                "81/34/1U",
                "81/34UU",
                "١٩٨١/34U",
                "1981/0000034U\n",
            ],
        ),
        (
            Type::Cro,
            &["", "65656/1991H", "1234567/91H", "/91H", "65656/91", "SF5/4J", "SF05/4827031J", "65656/91I"],
        ),
        (
            Type::Asn,
            &[
                "",
                "97/0000/00/K",
                "97/000/00/123456K",
                "97/0000/0/123456K",
                "97/0000/00/1/2K",
                "9X00000000000123456K",
                "970000000000001234567K8",
                "97000000K",
                "9700000000000123456",
                "9700-000000000123456K",
                "97/0000/00/123456789012K",
            ],
        ),
        (Type::Crn, &["", "X32074", "X3207411", "3320741", "XX20741", "CANARY-CRN"]),
        (Type::PrisonNumber, &["", "A123BC", "A1234B", "A1234BCD", "11234BC", "A1234B1"]),
        (Type::Urn, &["", "53CP", "53CP12", "53CP123456789", "TFL12345-ABC", "90GDAPPS314"]),
        (
            Type::CourtCase,
            &["", "12/2732/R", "12/273/15R", "12/2732/1234567R", "2012/2732/15R", "12/2732/15"],
        ),
        (Type::CustodyRecord, &["", "  ", "NG.26", "NG_26", "NG\u{202e}26"]),
    ];
    for (kind, texts) in wrong {
        for text in *texts {
            assert_eq!(read(*kind, text), None, "{text}");
        }
    }
    assert!(read(Type::CustodyRecord, &"1".repeat(30)).is_some());
    assert_eq!(read(Type::CustodyRecord, &"1".repeat(31)), None);
    for kind in Type::ALL {
        assert_eq!(read(kind, &"1".repeat(1_000_000)), None, "{kind:?}");
    }
}

#[test]
fn the_form_of_another_kind_is_named() {
    let told = [
        (Type::Pnc, "11/01ZD/01/448754K", Type::Asn),
        (Type::Pnc, "9700000000000123456K", Type::Asn),
        (Type::Pnc, "065656/91H", Type::Cro),
        (Type::Pnc, "12/2732/000015R", Type::CourtCase),
        (Type::Pnc, "999 000 0018", Type::Nhs),
        (Type::Asn, "1981/0000034U", Type::Pnc),
        (Type::Asn, "12/2732/000015R", Type::CourtCase),
        (Type::Cro, "1981/0000034U", Type::Pnc),
        (Type::Crn, "A1234BC", Type::PrisonNumber),
        (Type::PrisonNumber, "X320741", Type::Crn),
        (Type::CourtCase, "81/34U", Type::Pnc),
        (Type::Urn, "97/0000/00/123456K", Type::Asn),
        (Type::Nhs, "A1234BC", Type::PrisonNumber),
    ];
    for (asked, text, form_of) in told {
        let fault = Identifier::parse(asked, text).unwrap_err();
        assert_eq!(fault.form_of, Some(form_of), "{text}");
    }
    let fault = Identifier::parse(Type::Pnc, "11/01ZD/01/448754K").unwrap_err().to_string();
    assert!(fault.ends_with("This has the form of an ASN."), "{fault}");
    assert_eq!(Identifier::parse(Type::Pnc, "nothing of the kind").unwrap_err().form_of, None);
}

#[test]
fn an_asn_that_stands_for_none_is_known() {
    for none in [
        "0800NP0100000000001A",
        "0800PP0100000000001A",
        "2401NRPR00000000001A",
        "2412LN0000000000001A",
        "2400NP0000000000001A",
        "2463001200000000001A",
        "2406SSZZ00000000001A",
        "2400XXZZ00000000001A",
        "2450OFZZ00000000001A",
        "24/5011/00/1A",
    ] {
        let one = Identifier::parse(Type::Asn, none).unwrap();
        assert_eq!((one.stands_for_none(), one.check()), (true, NotChecked), "{none}");
    }
    for some in
        ["2400NP0100000000001A", "24AANRPR00000000001A", "24501000000000000001A", "24063000000000000001A"]
    {
        assert!(Identifier::parse(Type::Asn, some).is_ok_and(|one| !one.stands_for_none()), "{some}");
    }
}

#[test]
fn a_year_of_two_digits_is_never_in_the_future() {
    let in_year = |now: &str| {
        let now = Moment::from_rfc3339(now).unwrap();
        Identifier::parse(Type::Pnc, "26/1X").map_or_else(|e| e.to_string(), |one| one.canonical(now))
    };
    assert_eq!(in_year("2026-01-01T00:00:00Z"), "2026/0000001X");
    assert_eq!(in_year("2025-12-31T23:59:59Z"), "1926/0000001X");
}

#[test]
fn every_kind_has_one_name_and_an_example_of_its_own_form() {
    for kind in Type::ALL {
        assert_eq!(Type::of_name(kind.name()), Some(kind));
        assert_eq!(Type::of_name(&kind.name().to_lowercase().replace('_', "-")), Some(kind));
        let example = kind.form().rsplit_once("as in ").unwrap().1.trim_end_matches('.');
        let one = Identifier::parse(kind, example).unwrap();
        assert_ne!(one.check(), Invalid, "{example}");
    }
    assert_eq!(Type::of_name("prison-number"), Some(Type::PrisonNumber));
    assert_eq!(Type::of_name("court-case"), Some(Type::CourtCase));
    assert_eq!(Type::of_name("passport"), None);
}

#[test]
fn none_shows_itself() {
    let shown = format!("{:?}", Identifier::parse(Type::Pnc, "1981/0000034U"));
    assert_eq!(shown, "Ok(Identifier(PNC, valid))");
    let fault = format!("{:?}", Identifier::parse(Type::Pnc, "CANARY"));
    assert!(!fault.contains("CANARY"), "{fault}");
}

const LETTERS: &str = "ZABCDEFGHJKLMNPQRTUVWXY";

/// One of a kind that is right: some made up, with the letter that fits.
fn right_one() -> impl Strategy<Value = (Type, String)> {
    let lettered = (0..4_usize, 0..100_u32, 0..100_u32, 0..10_000_u32, 0..10_000_000_u64, any::<bool>());
    lettered.prop_flat_map(|(kind, year, force, unit, serial, lettered)| {
        let unit = if lettered { format!("Z{}", unit % 10) } else { format!("{:02}", unit % 100) };
        let (kind, body) = match kind {
            0 => (Type::Pnc, format!("{}{year:02}/{serial:07}", if lettered { 19 } else { 20 })),
            1 if lettered => (Type::Cro, format!("SF{year:02}/{}", serial % 1_000_000)),
            1 => (Type::Cro, format!("{:06}/{year:02}", serial % 1_000_000)),
            2 => (Type::Asn, format!("{year:02}{force:02}{unit}{:02}{serial:011}", serial % 100)),
            _ => (Type::CourtCase, format!("{year:02}/{force:04}/{:06}", serial % 1_000_000)),
        };
        let fitting = LETTERS
            .chars()
            .map(|letter| format!("{body}{letter}"))
            .find(|text| read(kind, text).is_some_and(|(_, check)| check != Invalid));
        Just((kind, fitting.unwrap()))
    })
}

/// Whether the check looks at the character at this place: not at a century, nor at the unit of an ASN.
fn covers(kind: Type, place: usize) -> bool {
    match kind {
        Type::Pnc => place >= 2,
        Type::Asn => !(4..6).contains(&place),
        _ => true,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same((kind, text) in right_one()) {
        let one = Identifier::parse(kind, &text).unwrap();
        prop_assert_eq!(one.canonical(now()), text.clone());
        let spaced: String = text.to_lowercase().chars().flat_map(|letter| [letter, ' ']).collect();
        prop_assert_eq!(Identifier::parse(kind, &spaced).unwrap().canonical(now()), text);
    }

    /// The letter is of a number modulo 23, a prime: no single digit can change and leave it the same.
    #[test]
    fn one_changed_character_is_never_called_valid((kind, text) in right_one()) {
        prop_assume!(read(kind, &text).unwrap().1 == Valid);
        for place in (0..text.len()).filter(|place| covers(kind, *place)) {
            for other in (b'0'..=b'9') .chain(b'A'..=b'Z') {
                let mut bytes = text.clone().into_bytes();
                // A code of an ASN that gets a letter leaves the number altogether.
                if bytes[place] == other
                    || (kind == Type::Asn && (2..8).contains(&place) && !other.is_ascii_digit())
                {
                    continue;
                }
                bytes[place] = other;
                let changed = String::from_utf8(bytes).unwrap();
                let says = read(kind, &changed);
                prop_assert!(
                    says.as_ref().is_none_or(|(_, check)| *check != Valid),
                    "{} became {} and is called {:?}", text, changed, says
                );
            }
        }
    }

    #[test]
    fn nothing_stops_the_reader(text in ".{0,70}") {
        for kind in Type::ALL {
            if let Ok(one) = Identifier::parse(kind, &text) {
                let canonical = one.canonical(now());
                let again = Identifier::parse(kind, &canonical).unwrap();
                prop_assert_eq!(again.canonical(now()), canonical);
                prop_assert_eq!(again.check(), one.check());
            }
        }
    }
}
