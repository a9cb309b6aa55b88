//! `keyway directory import` and `keyway partner list`, run as an operator runs them: the binary, its exit code, and
//! a gateway that goes by what was entered.

#[cfg(test)]
#[path = "../kill/gateway.rs"]
#[expect(dead_code, reason = "the kill test's own, which needs more of it")]
mod gateway;
#[cfg(test)]
#[path = "../it/harness/pki.rs"]
#[expect(unreachable_pub, dead_code, reason = "the black-box tests' own, where it is public and needs more")]
mod pki;
#[cfg(test)]
#[path = "../given/processing_record.rs"]
#[expect(dead_code, reason = "lists hold it as text")]
mod processing_record;
#[cfg(test)]
mod tests;
