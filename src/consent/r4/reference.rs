//! Who is meant by a reference, and in which part.

use super::{meets::Met, shape::Coding, tree::Tree};

const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

/// Roles of whoever gets data. Source: HL7 v3 `ParticipationType` of 2018-08-12, `IRCP` and what stands below it.
#[rustfmt::skip]
static RECIPIENT_CODES: [(u8, &str); 6] = [
    (0, "IRCP"), (1, "NOT"), (1, "PRCP"), (1, "REFB"), (1, "REFT"), (1, "TRC"),
];
pub(super) static RECIPIENTS: Tree = Tree { system: PARTICIPATION, codes: &RECIPIENT_CODES };

/// A reference without its version: `Type/id`, perhaps with the address of a server before it, or `system|value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// A hash of what stands after its last `/`: two that differ in it are not the same.
    end: u64,
    text: Box<str>,
}

impl Named {
    /// `None`: it names nobody who can be told from its words.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.split_once("/_history/").map_or(text, |(before, _)| before);
        let names = !text.is_empty() && !text.starts_with('#');
        names.then(|| Self::new(text.into()))
    }

    fn new(text: Box<str>) -> Self {
        let last = text.rsplit('/').next().unwrap_or_default();
        // FNV-1a: it only saves comparisons, so that nothing is won by finding two of the same.
        let end = last.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { end, text }
    }

    /// An identifier as a name.
    pub(super) fn identifier(system: &str, value: &str) -> Self {
        Self::new(format!("{system}|{value}").into())
    }

    /// Whether both are the same. The same `Type/id` on a server that only one of them names may be.
    pub(super) fn same(&self, other: &Self) -> Met {
        if self.end != other.end {
            return Met::No;
        }
        if self.text == other.text {
            return Met::Yes;
        }
        let (long, short) = if self.text.len() > other.text.len() { (self, other) } else { (other, self) };
        let server = long.text.strip_suffix(&*short.text);
        Met::when(server.is_some_and(|server| server.ends_with('/') && server.contains("://")))
            .and(Met::Unknown)
    }

    /// Whether it is to this resource, without the address of a server.
    pub(super) fn is(&self, kind: &str, id: &str) -> Met {
        let rest = self.text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/'));
        Met::when(rest == Some(id))
    }

    /// The type that it names, as in `Observation/1`.
    pub(super) fn kind(&self) -> Option<&str> {
        let mut parts = self.text.rsplit('/');
        let kind = parts.nth(1)?;
        let is_type = kind.starts_with(|first: char| first.is_ascii_uppercase())
            && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_type.then_some(kind)
    }
}

/// A part that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Whoever gets the data: its place in [`RECIPIENTS`].
    Recipient(u8),
    /// Any other.
    Other(Coding),
}

impl Role {
    pub(super) const RECIPIENT: Self = Self::Recipient(0);

    pub(super) fn of(coding: Coding) -> Self {
        RECIPIENTS.place(&coding.system, &coding.code).map_or_else(|| Self::Other(coding), Self::Recipient)
    }

    /// Whether a rule about this part is about the `other`.
    fn is(&self, other: &Self) -> Met {
        match (self, other) {
            (Self::Recipient(rule), Self::Recipient(asked)) if RECIPIENTS.covers(*rule, *asked) => Met::Yes,
            (Self::Recipient(_), Self::Recipient(_)) => Met::Unknown,
            _ => Met::when(self == other),
        }
    }
}

/// Somebody in a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    /// The names that somebody goes by: one is enough.
    pub(super) names: Vec<Named>,
    pub(super) role: Role,
}

impl Actor {
    pub(super) const fn is_recipient(&self) -> bool {
        matches!(self.role, Role::Recipient(_))
    }

    /// Whether a rule about this one is about somebody of the request, who goes by all that `asked` holds. Of a part that
    /// the request says nothing about, nothing is known.
    pub(super) fn is_among(&self, asked: &[Self]) -> Met {
        let mut met = Met::No;
        let mut role_is_told = false;
        for one in asked {
            let role = self.role.is(&one.role);
            role_is_told |= role != Met::No;
            let name = one.names.iter().flat_map(|name| self.names.iter().map(move |own| own.same(name)));
            met = met.or(role.and(name.fold(Met::No, Met::or)));
        }
        if role_is_told { met } else { met.or(Met::Unknown) }
    }
}
