//! Keys for content: one for each person, wrapped by the key-encryption key from the configuration.

/// Being built.
#[derive(Debug)]
pub struct Vault;
