//! The adapters of `profiles/sites/`, compiled in with their tests. A folder there is all that a new one needs.

/// The adapter of one service, as it lies in its folder.
#[derive(Clone, Copy, Debug)]
pub struct ShippedSite {
    /// The folder's name, which is the adapter's.
    pub name: &'static str,
    /// `adapter.toml`.
    pub adapter: &'static str,
    /// Its tests.
    pub cases: &'static [ShippedCase],
}

/// One golden test of an adapter.
#[derive(Clone, Copy, Debug)]
pub struct ShippedCase {
    /// What it is about, as in `01-danny`.
    pub name: &'static str,
    /// What the service sends.
    pub input: &'static [u8],
    /// What must come out, as JSON; nothing where nobody wrote it down.
    pub expected: Option<&'static str>,
}

/// Every adapter that is compiled in, by name.
pub const SHIPPED: &[ShippedSite] = include!(concat!(env!("OUT_DIR"), "/sites.rs"));
