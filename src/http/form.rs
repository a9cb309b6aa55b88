//! `name=value&…` as it stands in an address or a form. What cannot be read is refused: to guess at it would answer
//! another question.

use actix_web::web;

use crate::exchange::refusal::{Refusal, Refused};

/// Reads the pairs of `text`. `known` are the names that may be told when something is wrong; any other is the caller's
/// own text. `of` is what a refusal names then.
pub(super) fn pairs(
    text: &str,
    known: &[&'static str],
    of: &'static str,
) -> Result<Vec<(String, String)>, Refusal> {
    let broken = text.split('&').find(|pair| !is_encoded(pair));
    if let Some(pair) = broken {
        let name = pair.split('=').next().unwrap_or_default();
        let named = known.iter().copied().find(|known| *known == name).unwrap_or(of);
        return Err(unreadable(named));
    }
    web::Query::<Vec<(String, String)>>::from_query(text)
        .map(web::Query::into_inner)
        .map_err(|_| unreadable(of))
}

/// Whether each `%` begins two hexadecimal digits, and what they mean is UTF-8.
pub(super) fn is_encoded(text: &str) -> bool {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return false };
        plain.extend(u8::try_from(high * 16 + low));
    }
    std::str::from_utf8(&plain).is_ok()
}

/// What is said of what is not encoded.
pub(super) fn unreadable(named: &str) -> Refusal {
    let text = "This is not encoded as a part of an address is (RFC 3986): each % begins two hexadecimal digits, and they \
                stand for UTF-8.";
    Refusal::new(Refused::BadRequest, "structure", named, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_and_the_rest_is_refused_by_the_name_of_its_parameter() {
        let read = |text| pairs(text, &["status", "_count"], "query");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read("status=%61ccepted&_count=5&x=a+b%20c%C3%A9").unwrap(),
            [pair("status", "accepted"), pair("_count", "5"), pair("x", "a b cé")]
        );
        assert!(read("").unwrap().is_empty());
        for (text, named) in [
            ("_count=5&status=%zz", "status"),
            ("status=%4", "status"),
            ("status=%", "status"),
            ("_count=%FF", "_count"),
            ("_count=%C3%28", "_count"),
            ("secret=%zz", "query"),
            ("sta%tus=1", "query"),
        ] {
            let refusal = read(text).unwrap_err();
            assert_eq!(refusal.class, Refused::BadRequest);
            assert_eq!(refusal.issues[0].path, named, "{text}");
            assert!(!format!("{refusal:?}").contains("secret"));
        }
    }
}
