//! What it means that no answer came.

use std::error::Error;

use rustls::AlertDescription as Alert;

use super::{
    gate::Passage,
    resolver::{AddressRefused, NameUnresolved},
};
use crate::exchange::ports::AttemptClass;

/// The class of an attempt that ended without an answer, and its outcome code. `error` is `None` when time ran
/// out.
pub(super) fn judge(passage: Passage, error: Option<&(dyn Error + 'static)>) -> (AttemptClass, &'static str) {
    let tls = error.and_then(find::<rustls::Error>);
    match passage {
        Passage::TooLate => (AttemptClass::TooLate, "send-by-passed"),
        // Nothing of the request has left.
        Passage::Shut => (AttemptClass::Retryable, before_sending(error, tls)),
        // In TLS 1.3 our certificate is judged after our side has begun to write; the server has then thrown
        // away what it could not yet read.
        Passage::Open if tls.is_some_and(refuses_our_certificate) => {
            (AttemptClass::Retryable, "tls-refused-us")
        }
        Passage::Open if error.is_none() => (AttemptClass::Ambiguous, "timeout"),
        Passage::Open => (AttemptClass::Ambiguous, "connection-lost"),
    }
}

fn before_sending(error: Option<&(dyn Error + 'static)>, tls: Option<&rustls::Error>) -> &'static str {
    match (error, tls) {
        (None, _) => "connect-timeout",
        (Some(e), _) if find::<AddressRefused>(e).is_some() => "address-refused",
        (Some(e), _) if find::<NameUnresolved>(e).is_some() => "dns",
        (Some(_), Some(rustls::Error::InvalidCertificate(_))) => "tls-certificate",
        (Some(_), Some(fault)) if refuses_our_certificate(fault) => "tls-refused-us",
        (Some(_), Some(_)) => "tls",
        (Some(_), None) => "connect",
    }
}

/// Whether the other side ended the handshake over the certificate we showed, or did not show. All of these
/// alerts belong to the handshake: none can follow a request that was read.
fn refuses_our_certificate(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::DecryptError
                | Alert::HandshakeFailure
        )
    )
}

/// The first error of type `E` in the chain of causes; looks inside `io::Error`, which hides its own.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
