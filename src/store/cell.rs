//! Values on their way to and from a table, the same for every engine.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    clock::Moment,
    exchange::{
        ports::{Read, StoreError},
        rows::Sealed,
    },
};

/// One value of one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u16> for Cell {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<Moment> for Cell {
    fn from(value: Moment) -> Self {
        Self::Int(value.0)
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Cell {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<[u8; 32]> for Cell {
    fn from(value: [u8; 32]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl From<Sealed> for Cell {
    fn from(value: Sealed) -> Self {
        Self::Blob(value.0)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! ids_are_text {
    ($($id:ident),+ $(,)?) => {$(
        impl From<&crate::ids::$id> for Cell {
            fn from(id: &crate::ids::$id) -> Self {
                Self::Text(id.as_str().to_owned())
            }
        }
    )+};
}

ids_are_text!(
    SiteId,
    PartnerId,
    PersonId,
    EpisodeId,
    AssessmentId,
    ConsentId,
    AgreementId,
    ReferralId,
    DecisionId,
    MessageId,
    DeliveryId,
    AttemptId,
    DisclosureId,
    InboundId,
    EntryId,
    RecallId,
    HoldId,
    SubjectAccessId,
);

/// The kebab-case word under which `value` is known on the wire.
pub(super) fn word<T: Serialize>(value: &T) -> Cell {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Cell::Text(text),
        _ => Cell::Null,
    }
}

/// `value` as JSON text. What cannot be written becomes null, which its column refuses.
pub(super) fn json<T: Serialize>(value: &T) -> Cell {
    serde_json::to_string(value).map_or(Cell::Null, Cell::Text)
}

/// What a column of a row holds, where the engine has it.
#[derive(Clone, Copy)]
pub(super) enum Held<'r> {
    Null,
    Int(i64),
    Text(&'r str),
    Blob(&'r [u8]),
}

/// A row where the engine has it. What no table of ours holds is `None`, as is a column that is not there.
pub(super) trait Columns {
    fn at(&self, column: usize) -> Option<Held<'_>>;
}

/// One row, read from left to right. A cell of another kind than expected is a corrupt row, named by its table.
pub(super) struct RowReader<'r> {
    table: &'static str,
    row: &'r dyn Columns,
    next: usize,
}

impl<'r> RowReader<'r> {
    /// Reads `row` as a row of `table`.
    pub(super) const fn new(table: &'static str, row: &'r dyn Columns) -> Self {
        Self { table, row, next: 0 }
    }

    fn corrupt<T>(&self) -> Read<T> {
        Err(StoreError::Corrupt(self.table))
    }

    fn held(&mut self) -> Option<Held<'r>> {
        let held = self.row.at(self.next);
        self.next = self.next.saturating_add(1);
        held
    }

    pub(super) fn opt_int(&mut self) -> Read<Option<i64>> {
        match self.held() {
            Some(Held::Int(value)) => Ok(Some(value)),
            Some(Held::Null) => Ok(None),
            _ => self.corrupt(),
        }
    }

    fn opt_str(&mut self) -> Read<Option<&'r str>> {
        match self.held() {
            Some(Held::Text(value)) => Ok(Some(value)),
            Some(Held::Null) => Ok(None),
            _ => self.corrupt(),
        }
    }

    fn str(&mut self) -> Read<&'r str> {
        let value = self.opt_str()?;
        self.present(value)
    }

    fn opt_bytes(&mut self) -> Read<Option<&'r [u8]>> {
        match self.held() {
            Some(Held::Blob(value)) => Ok(Some(value)),
            Some(Held::Null) => Ok(None),
            _ => self.corrupt(),
        }
    }

    pub(super) fn opt_text(&mut self) -> Read<Option<String>> {
        Ok(self.opt_str()?.map(str::to_owned))
    }

    pub(super) fn opt_blob(&mut self) -> Read<Option<Vec<u8>>> {
        Ok(self.opt_bytes()?.map(<[u8]>::to_vec))
    }

    fn present<T>(&self, value: Option<T>) -> Read<T> {
        value.ok_or(StoreError::Corrupt(self.table))
    }

    pub(super) fn int(&mut self) -> Read<i64> {
        let value = self.opt_int()?;
        self.present(value)
    }

    pub(super) fn text(&mut self) -> Read<String> {
        self.str().map(str::to_owned)
    }

    pub(super) fn blob(&mut self) -> Read<Vec<u8>> {
        let value = self.opt_blob()?;
        self.present(value)
    }

    pub(super) fn count(&mut self) -> Read<u64> {
        let value = u64::try_from(self.int()?).ok();
        self.present(value)
    }

    pub(super) fn status(&mut self) -> Read<u16> {
        let value = u16::try_from(self.int()?).ok();
        self.present(value)
    }

    pub(super) fn moment(&mut self) -> Read<Moment> {
        self.int().map(Moment)
    }

    pub(super) fn opt_moment(&mut self) -> Read<Option<Moment>> {
        Ok(self.opt_int()?.map(Moment))
    }

    pub(super) fn hash(&mut self) -> Read<[u8; 32]> {
        let value = self.opt_hash()?;
        self.present(value)
    }

    pub(super) fn opt_hash(&mut self) -> Read<Option<[u8; 32]>> {
        match self.opt_bytes()? {
            None => Ok(None),
            Some(bytes) => self.present(bytes.try_into().ok()).map(Some),
        }
    }

    pub(super) fn sealed(&mut self) -> Read<Sealed> {
        self.blob().map(Sealed)
    }

    pub(super) fn opt_sealed(&mut self) -> Read<Option<Sealed>> {
        Ok(self.opt_blob()?.map(Sealed))
    }

    /// An identifier, by its `parse`.
    pub(super) fn id<T>(&mut self, parse: fn(&str) -> Option<T>) -> Read<T> {
        let value = parse(self.str()?);
        self.present(value)
    }

    /// An identifier that may be missing.
    pub(super) fn opt_id<T>(&mut self, parse: fn(&str) -> Option<T>) -> Read<Option<T>> {
        match self.opt_str()? {
            None => Ok(None),
            Some(text) => self.present(parse(text)).map(Some),
        }
    }

    /// What [`word`] wrote.
    pub(super) fn word<T: DeserializeOwned>(&mut self) -> Read<T> {
        let value = serde_json::from_value(serde_json::Value::String(self.text()?)).ok();
        self.present(value)
    }

    /// What [`word`] wrote, or nothing.
    pub(super) fn opt_word<T: DeserializeOwned>(&mut self) -> Read<Option<T>> {
        match self.opt_text()? {
            None => Ok(None),
            Some(text) => {
                self.present(serde_json::from_value(serde_json::Value::String(text)).ok()).map(Some)
            }
        }
    }

    /// What [`json`] wrote.
    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Read<T> {
        let value = serde_json::from_str(self.str()?).ok();
        self.present(value)
    }

    /// What [`json`] wrote, or nothing.
    pub(super) fn opt_json<T: DeserializeOwned>(&mut self) -> Read<Option<T>> {
        match self.opt_str()? {
            None => Ok(None),
            Some(text) => self.present(serde_json::from_str(text).ok()).map(Some),
        }
    }
}
