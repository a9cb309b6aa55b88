//! Systems whose codes are told by their form: languages, media types, currencies.

use super::Member;

fn of(holds: bool) -> Member<'static> {
    if holds { Member::Yes } else { Member::No }
}

/// BCP 47: `en`, `en-GB`, `zh-Hans-CN`, `x-…`. The form only; whether a subtag is registered is not known here.
pub(super) fn is_language(code: &str) -> Member<'static> {
    let mut parts = code.split('-');
    let first = parts.next().unwrap_or_default();
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let sound = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let head = letters(first)
        && ((2..=8).contains(&first.len()) || (matches!(first, "x" | "X" | "i" | "I") && code.len() > 2));
    of(head && parts.all(sound))
}

/// RFC 6838: a type and a subtype, then parameters: `text/plain; charset=UTF-8`. The short names that FHIR lets
/// `CapabilityStatement.format` have beside them are no media types, and where they stand is not known here.
pub(super) fn is_media_type(code: &str) -> Member<'static> {
    if matches!(code, "json" | "xml" | "ttl") {
        return Member::Unknown(
            "a short name that FHIR allows in CapabilityStatement.format, and no media type",
        );
    }
    let (name, parameters) = code.split_once(';').unwrap_or((code, ""));
    let token = |part: &str| {
        (1..=127).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let named = name.trim_end().split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub));
    let well_formed = |parameter: &str| {
        parameter.trim().split_once('=').is_some_and(|(name, value)| token(name) && !value.is_empty())
    };
    of(named && (parameters.is_empty() || parameters.split(';').all(well_formed)))
}

/// ISO 4217: three capital letters. Those in use are known by name; for others that look so it cannot be said.
pub(super) fn is_currency(code: &str) -> Member<'static> {
    if CURRENCIES.split(' ').any(|known| known == code) {
        Member::Yes
    } else if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Member::Unknown("the list of currencies that is kept here holds only those in use")
    } else {
        Member::No
    }
}

const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP \
    BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF \
    GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR \
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND \
    TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL";
