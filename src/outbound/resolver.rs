//! Looks names up and hands on only the addresses that the policy allows.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressPolicy;

/// Every address of the name is one that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("no address of the partner may be connected to")]
pub(super) struct AddressRefused;

/// The name has no address, or nobody could be asked.
#[derive(Debug, thiserror::Error)]
#[error("the partner's name cannot be resolved")]
pub(super) struct NameUnresolved;

/// A resolver that filters.
pub(super) struct PoliticResolver(pub(super) AddressPolicy);

impl Resolve for PoliticResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            // The port is filled in from the URL afterwards.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| NameUnresolved)?;
            let allowed = filter(policy, found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn filter(
    policy: AddressPolicy,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let mut any = false;
    let allowed: Vec<SocketAddr> = found.inspect(|_| any = true).filter(|a| policy.allows(a.ip())).collect();
    match (any, allowed.is_empty()) {
        (false, _) => Err(NameUnresolved.into()),
        (true, true) => Err(AddressRefused.into()),
        (true, false) => Ok(allowed),
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressPolicy, AddressRefused, NameUnresolved, SocketAddr, filter};

    #[test]
    fn only_allowed_addresses_are_handed_on() {
        let strict = AddressPolicy::default();
        let mixed: [SocketAddr; 3] =
            ["10.0.0.1:0".parse().unwrap(), "1.1.1.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
        assert_eq!(filter(strict, mixed.into_iter()).unwrap(), [mixed[1]]);

        let refused = filter(strict, [mixed[0], mixed[2]].into_iter()).unwrap_err();
        assert!(refused.is::<AddressRefused>());
        assert!(filter(strict, std::iter::empty()).unwrap_err().is::<NameUnresolved>());
    }
}
