//! Reads a BaRS message that comes in: what kind it is, and what it says. Tolerant where published messages differ
//! from the published rules (the focus of an answer may be the Encounter or the ServiceRequest; a cancellation may
//! say `update` or `delete`), strict about meaning.
//!
//! What a referral asks is read in `referral`, into the forms that the use cases know. Not here: who sends, whom a
//! message is for, whether it came before.

mod answer;
mod beside;
mod booked;
mod consent;
mod current;
mod modified;
mod people;
mod referral;
mod sender;
mod taken;
mod unplaced;

use serde_json::Value;

use self::taken::Taken;
use super::{
    codes,
    messages::{self, Event, is_defined_by},
};
use crate::{fhir::Issue, letters::says_something, limits::ISSUES_MAX};

pub use super::codes::READ_BY_NAME;
pub use answer::Answer;
pub use beside::{NamedBeside, named_beside};
pub use booked::Booked;
pub use referral::{ADAPTER, Adapted, assessment_of, request_of};
pub use sender::{SENDER, Sender, sender_of};

/// What one message says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The message's own Bundle.id.
    pub bundle_id: String,
    /// Whom it names as destination: each MessageHeader.destination.endpoint.
    pub destinations: Vec<String>,
    /// What it is.
    pub what: What,
}

/// The kinds of message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A receiver's answer to a referral.
    Answer(Answer),
    /// A new referral.
    New(Named),
    /// A referral that came before, changed.
    Update(Named),
    /// A referral that came before is taken back.
    Cancel(Named, Cancellation),
}

/// By what a request can be found again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// `ServiceRequest.id`: the receiver's own id for it, once it gave one.
    pub id: Option<String>,
    /// The identifiers: system and value.
    pub identifiers: Vec<(String, String)>,
}

impl Named {
    /// What could be this gateway's own id for it: `ServiceRequest.id`, and identifiers under our system.
    pub fn ours(&self) -> impl Iterator<Item = &str> {
        let known = self.identifiers.iter().filter(|(system, _)| system == codes::REFERRAL_ID);
        self.id.as_deref().into_iter().chain(known.map(|(_, value)| value.as_str()))
    }

    /// The sender's own identifier, as `system|value`; where it has none but one under our system, which our profiles ask
    /// for, that one.
    #[must_use]
    pub fn theirs(&self) -> Option<String> {
        let mut all = self.identifiers.iter();
        let own = all.clone().find(|(system, _)| system != codes::REFERRAL_ID).or_else(|| all.next());
        own.map(|(system, value)| format!("{system}|{value}"))
    }
}

/// Why a referral is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// A reason of the referral's life cycle.
    pub reason: &'static str,
    /// What was said beside it.
    pub comment: Option<String>,
}

/// How far a message that cannot be taken was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no message, or says two things that do not go together.
    Malformed,
    /// It is one, and something in it is wrong.
    Wrong,
    /// It is one of a kind that is not offered.
    NotOffered,
}

/// Why a message was not read: every issue that was found, each with a `FHIRPath` and what would be right, never
/// with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// How far it was understood.
    pub fault: Fault,
    /// What is wrong; at least one.
    pub issues: Vec<Issue>,
}

/// The header of a message, as a place for issues.
const HEADER: &str = "Bundle.entry[0].resource";
/// Reads a message, as it is meant: what its sender is forgiven was written right before.
///
/// # Errors
///
/// It is none, something in it is wrong, or it is of a kind that is not offered.
pub fn read_message(bundle: &Value) -> Result<Inbound, Unread> {
    let mut reader = Reader { bundle, fault: Fault::Wrong, issues: Vec::new(), taken: Taken::default() };
    let read = reader.read();
    match read {
        Some(message) if reader.issues.is_empty() => Ok(message),
        _ => {
            reader.issues.truncate(ISSUES_MAX);
            Err(Unread { fault: reader.fault, issues: reader.issues })
        }
    }
}

struct Reader<'v> {
    bundle: &'v Value,
    fault: Fault,
    issues: Vec<Issue>,
    taken: Taken,
}

impl<'v> Reader<'v> {
    fn read(&mut self) -> Option<Inbound> {
        let bundle = self.bundle;
        if text(bundle, "/resourceType") != Some("Bundle") || text(bundle, "/type") != Some("message") {
            return self.malformed("structure", "Bundle.type", "a Bundle of type `message` is expected");
        }
        let header = bundle.pointer("/entry/0/resource").filter(|first| kind(first) == "MessageHeader");
        let Some(header) = header else {
            return self.malformed(
                "structure",
                "Bundle.entry[0]",
                "the first entry must be the MessageHeader",
            );
        };
        self.version()?;
        let bundle_id = required(bundle, "/id", "Bundle.id", &mut self.issues);
        let event = self.event(header)?;
        self.definition(header, event);
        self.profiles(header);
        let destinations: Vec<String> = array(header, "/destination")
            .iter()
            .filter_map(|one| text(one, "/endpoint"))
            .map(str::to_owned)
            .collect();
        if destinations.is_empty() {
            self.wrong("required", &format!("{HEADER}.destination.endpoint"), "say whom this is for");
        }
        let reason = self.reason(header);
        let what = match event {
            Event::Response => {
                if reason == Some("delete") {
                    let what = "an answer says `new` or `update`";
                    return self.malformed("invariant", &format!("{HEADER}.reason"), what);
                }
                answer::read(self, header).map(What::Answer)
            }
            Event::Request => self.request(header, reason?),
        };
        if let Some(what) = &what {
            self.issues.extend(modified::modified(bundle, what));
        }
        Some(Inbound { bundle_id: bundle_id?, destinations, what: what? })
    }

    /// What of BaRS the sender's application follows. Version 1 is understood, with whatever comes after it.
    fn version(&mut self) -> Option<()> {
        let path = "Bundle.meta.versionId";
        let Some(version) = text(self.bundle, "/meta/versionId").filter(|version| !version.is_empty()) else {
            return self.malformed(
                "invariant",
                path,
                "this must be present: the version of BaRS, as in 1.0.0",
            );
        };
        if version == "1" || version.starts_with("1.") {
            return Some(());
        }
        self.wrong("not-supported", path, "version 1 is understood here, as in 1.0.0");
        None
    }

    fn event(&mut self, header: &Value) -> Option<Event> {
        let path = format!("{HEADER}.eventCoding");
        if text(header, "/eventCoding/system") != Some(codes::MESSAGE_EVENTS) {
            self.wrong("value", &path, &format!("a code of {} is expected", codes::MESSAGE_EVENTS));
            return None;
        }
        let code = text(header, "/eventCoding/code").unwrap_or_default();
        if let Some(event) = Event::of_code(code) {
            return Some(event);
        }
        let (request, response) = (Event::Request.code(), Event::Response.code());
        if messages::NOT_OFFERED.contains(&code) {
            self.fault = Fault::NotOffered;
            let what = format!("bookings are not taken here; {request} and {response} are");
            self.wrong("not-supported", &path, &what);
            return None;
        }
        self.malformed("invariant", &path, &format!("{request} or {response} is expected"))
    }

    fn definition(&mut self, header: &Value, event: Event) {
        let Some(definition) = text(header, "/definition") else { return };
        let canonical = definition.split('|').next().unwrap_or_default();
        if !is_defined_by(event, canonical) {
            let what = "this MessageHeader.definition is not known here for this event; GET \
                        /fhir/MessageDefinition lists those that are";
            self.wrong("not-supported", &format!("{HEADER}.definition"), what);
        }
    }

    fn profiles(&mut self, header: &Value) {
        // The published full response names the header profile of requests by mistake.
        let headers = [codes::BARS_RESPONSE_HEADER, codes::BARS_REQUEST_HEADER];
        let header_profile = format!("{HEADER}.meta.profile");
        let named = [
            (self.bundle, &[codes::BARS_BUNDLE][..], "Bundle.meta.profile"),
            (header, &headers[..], header_profile.as_str()),
        ];
        for (at, known, path) in named {
            let profiles: Vec<&str> = array(at, "/meta/profile").iter().filter_map(Value::as_str).collect();
            let is_known = |profile: &&str| {
                let url = profile.split('|').next().unwrap_or_default();
                known.contains(&url) || url.starts_with(codes::OUR_PROFILES)
            };
            if !profiles.is_empty() && !profiles.iter().any(is_known) {
                let what = format!("the profile {} is expected", known.first().unwrap_or(&""));
                self.wrong("not-supported", path, &what);
            }
        }
    }

    fn reason(&mut self, header: &'v Value) -> Option<&'v str> {
        let path = format!("{HEADER}.reason");
        let codings = array(header, "/reason/coding");
        let coding = codings.iter().find(|one| text(one, "/system") == Some(codes::MESSAGE_REASON));
        let Some(code) = coding.and_then(|one| text(one, "/code")) else {
            let what = format!("a code of {} is expected: new, update or delete", codes::MESSAGE_REASON);
            self.wrong("required", &path, &what);
            return None;
        };
        if !["new", "update", "delete"].contains(&code) {
            return self.malformed("invariant", &path, "one of new, update and delete is expected");
        }
        Some(code)
    }

    /// Event, reason and the status of what is in focus, taken together (BaRS, workflow).
    fn request(&mut self, header: &Value, reason: &str) -> Option<What> {
        let found: Vec<(usize, &Value)> = entries(self.bundle)
            .into_iter()
            .map(resource)
            .enumerate()
            .filter(|(_, one)| kind(one) == "ServiceRequest")
            .collect();
        let [(index, asked)] = found.as_slice() else {
            self.wrong(
                "structure",
                "Bundle.entry",
                "a request carries one ServiceRequest, and no second one",
            );
            return None;
        };
        let path = format!("Bundle.entry[{index}].resource");
        let entry = self.bundle.pointer(&format!("/entry/{index}"));
        let focus = array(header, "/focus").iter().filter_map(|focus| text(focus, "/reference"));
        if !focus.into_iter().any(|focus| entry.is_some_and(|entry| names(focus, entry))) {
            self.wrong("value", &format!("{HEADER}.focus"), "the ServiceRequest of this message is expected");
        }
        let named = Named {
            id: text(asked, "/id").map(str::to_owned),
            identifiers: array(asked, "/identifier")
                .iter()
                .filter_map(|one| Some((text(one, "/system")?.to_owned(), text(one, "/value")?.to_owned())))
                .collect(),
        };
        match (reason, text(asked, "/status")) {
            ("new", Some("active")) => self.is_referral(asked, &path).then_some(What::New(named)),
            ("update", Some("active")) => self.is_referral(asked, &path).then_some(What::Update(named)),
            ("update" | "delete", Some(status @ ("revoked" | "entered-in-error"))) => {
                Some(What::Cancel(named, cancellation(asked, status)))
            }
            _ => {
                let what = "reason and status do not go together: `new` or `update` with `active`, `update` or \
                            `delete` with `revoked` or `entered-in-error`";
                self.malformed("invariant", &format!("{path}.status"), what)
            }
        }
    }

    /// A case that is to be validated by a clinician on the telephone is nothing that is done here.
    fn is_referral(&mut self, asked: &Value, path: &str) -> bool {
        let categories = array(asked, "/category");
        let validation = categories.iter().flat_map(|one| array(one, "/coding")).any(|coding| {
            text(coding, "/system") == Some(codes::MESSAGE_CATEGORY)
                && text(coding, "/code") == Some("validation")
        });
        if validation {
            self.fault = Fault::NotOffered;
            self.wrong(
                "not-supported",
                &format!("{path}.category"),
                "referrals are taken here, no validations",
            );
        }
        !validation
    }

    fn wrong(&mut self, code: &'static str, path: &str, what: &str) {
        self.issues.push(Issue::new(code, path, what));
    }

    fn malformed<T>(&mut self, code: &'static str, path: &str, what: &str) -> Option<T> {
        self.fault = Fault::Malformed;
        self.wrong(code, path, what);
        None
    }
}

fn cancellation(asked: &Value, status: &str) -> Cancellation {
    let reasons = array(asked, "/reasonCode");
    let comment = reasons.iter().find_map(|one| text(one, "/text")).filter(|words| says_something(words));
    let reason = if status == "entered-in-error" { "raised-in-error" } else { "no-longer-needed" };
    Cancellation { reason, comment: comment.map(str::to_owned) }
}

/// Whether `reference` means the resource of `entry`: by its fullUrl, or by type and id.
fn names(reference: &str, entry: &Value) -> bool {
    let by_id = || {
        let (kind, id) = (kind(resource(entry)), text(resource(entry), "/id").unwrap_or_default());
        !id.is_empty() && reference.ends_with(&format!("{kind}/{id}"))
    };
    text(entry, "/fullUrl") == Some(reference) || by_id()
}

fn required(value: &Value, pointer: &str, path: &str, issues: &mut Vec<Issue>) -> Option<String> {
    let found = text(value, pointer).filter(|found| !found.is_empty()).map(str::to_owned);
    if found.is_none() {
        issues.push(Issue::new("required", path, "this must be present"));
    }
    found
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn array<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn entries(bundle: &Value) -> Vec<&Value> {
    array(bundle, "/entry").iter().collect()
}

fn resource(entry: &Value) -> &Value {
    entry.get("resource").unwrap_or(&Value::Null)
}

fn kind(resource: &Value) -> &str {
    text(resource, "/resourceType").unwrap_or_default()
}
