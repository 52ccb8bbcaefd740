//! The certificates of the machine itself: those that its administrator trusts, such as the root of
//! a school's filter, and those that nobody there may trust.

use std::collections::BTreeSet;

/// Certificates in DER.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) trusted: Vec<Vec<u8>>,
    pub(super) distrusted: BTreeSet<Vec<u8>>,
}

impl Store {
    /// `public` and the machine's own roots, without those that the machine distrusts.
    pub(super) fn roots<'a>(&'a self, public: impl Iterator<Item = &'a [u8]>) -> Vec<&'a [u8]> {
        let all = public.chain(self.trusted.iter().map(Vec::as_slice));
        all.filter(|root| !self.distrusted.contains(*root)).collect()
    }
}

/// The stores of Windows for the present user, which hold those of the machine too. A store that
/// does not open leaves the built-in roots and the extra file.
#[cfg(windows)]
pub(super) fn store() -> Store {
    Store {
        trusted: certificates("ROOT")
            .filter(for_servers)
            .map(|root| root.to_der().to_vec())
            .collect(),
        distrusted: certificates("Disallowed").map(|root| root.to_der().to_vec()).collect(),
    }
}

#[cfg(windows)]
fn certificates(store: &str) -> impl Iterator<Item = schannel::cert_context::CertContext> {
    let opened = schannel::cert_store::CertStore::open_current_user(store).ok();
    let found: Vec<_> = opened.iter().flat_map(|store| store.certs()).collect();
    found.into_iter()
}

/// Whether a root may vouch for a server today.
#[cfg(windows)]
fn for_servers(root: &schannel::cert_context::CertContext) -> bool {
    use schannel::cert_context::ValidUses;

    const SERVER: &str = "1.3.6.1.5.5.7.3.1"; // id-kp-serverAuth of RFC 5280
    let may = match root.valid_uses() {
        Ok(ValidUses::All) => true,
        Ok(ValidUses::Oids(uses)) => uses.iter().any(|usage| usage == SERVER),
        Err(_) => false,
    };
    may && root.is_time_valid().unwrap_or(false)
}

/// Elsewhere the store is a matter of files that a distribution or a variable of the environment
/// places; the extra file of the configuration stands for it.
#[cfg(not(windows))]
pub(super) fn store() -> Store {
    Store::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_distrusts_is_no_root_wherever_it_comes_from() {
        let store = Store {
            trusted: vec![b"school".to_vec(), b"stolen".to_vec()],
            distrusted: BTreeSet::from([b"broken".to_vec(), b"stolen".to_vec()]),
        };
        let public: [&[u8]; 2] = [b"public", b"broken"];
        let roots: [&[u8]; 2] = [b"public", b"school"];
        assert_eq!(store.roots(public.into_iter()), roots);
    }
}
