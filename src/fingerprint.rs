//! Fingerprints: SHA-256 of what must be recognised again.

use ring::digest::{Context, SHA256};

/// Collects parts into one fingerprint; each part is delimited, so that `("ab", "c")` and
/// `("a", "bc")` differ.
pub(crate) struct Fingerprint(Context);

impl Fingerprint {
    /// Nothing collected yet.
    pub(crate) fn new() -> Fingerprint {
        Fingerprint(Context::new(&SHA256))
    }

    /// Adds a part.
    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) -> &mut Fingerprint {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    /// The first 128 bits, in hexadecimal: short enough to be read out, long enough to be unique.
    pub(crate) fn hex(&self) -> String {
        let digest = self.0.clone().finish();
        digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The fingerprint of one thing.
pub(crate) fn of(part: impl AsRef<[u8]>) -> String {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(part);
    fingerprint.hex()
}
