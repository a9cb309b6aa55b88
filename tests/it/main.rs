//! Black-box tests: the gateway as its partners meet it, over real TLS.
//!
//! Every test starts a gateway of its own ([`harness::Gateway`]) and ends with `finish`, which closes the books: no
//! delivery is unexplained, the audit verifies from its first entry, no log line and no error names anybody, and
//! the database's files hold nobody in the clear.

#[cfg(test)]
mod amend;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bad_message;
#[cfg(test)]
mod canaries;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod documents;
#[cfg(test)]
#[expect(unreachable_pub, reason = "what the harness offers its tests is public to them")]
mod harness;
#[cfg(test)]
mod identifiers;
#[cfg(test)]
mod judging;
#[cfg(test)]
mod officers;
#[cfg(test)]
#[path = "../given/processing_record.rs"]
mod processing_record;
#[cfg(test)]
mod referral_in;
mod requests;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod rest_kept;
#[cfg(test)]
mod rest_strangers;
#[cfg(test)]
mod rest_writes;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod strangers;
