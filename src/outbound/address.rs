//! Which addresses a connection may be opened to: public unicast ones, and nothing else.
//!
//! The lists are those of the IANA special-purpose address registries. A partner's name is looked up by us
//! and only the addresses checked here are connected to, so a name that changes its mind between check and
//! connection (DNS rebinding) gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The policy: strict, or with loopback for a rehearsal on one machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Whether 127.0.0.0/8 and `::1` may be connected to (demo and tests).
    pub allow_loopback: bool,
}

impl AddressPolicy {
    /// Whether a connection to `address` may be opened. An IPv4 address mapped into IPv6 is judged as IPv4.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if address.is_loopback() {
            return self.allow_loopback;
        }
        match address {
            IpAddr::V4(v4) => is_public_v4(v4),
            IpAddr::V6(v6) => is_public_v6(v6),
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This network", private, loopback, multicast, reserved and broadcast.
        (0 | 10 | 127 | 224.., _, _)
        // Shared address space of carriers (CGNAT), 100.64.0.0/10.
        | (100, 64..=127, _)
        // Link-local, where cloud machines keep their metadata.
        | (169, 254, _)
        // Private, 172.16.0.0/12 and 192.168.0.0/16.
        | (172, 16..=31, _)
        | (192, 168, _)
        // Protocol assignments, documentation, automatic multicast tunnelling, 6to4 relays.
        | (192, 0, 0 | 2)
        | (192, 52, 193)
        | (192, 88, 99)
        // Benchmarks, 198.18.0.0/15, and documentation.
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3. Outside it are loopback, unique-local, link-local, multicast, NAT64
    // (64:ff9b::/96 and 64:ff9b:1::/48), discard-only (100::/64) and segment-routing identifiers (5f00::/16).
    let global_unicast = a & 0xe000 == 0x2000;
    let special = match (a, b) {
        // Protocol assignments, 2001::/23: Teredo, benchmarks, ORCHID; then documentation.
        (0x2001, 0..=0x01ff | 0x0db8)
        // 6to4: an IPv4 address of any kind in disguise.
        | (0x2002, _)
        // Documentation, 3fff::/20.
        | (0x3fff, 0..=0x0fff) => true,
        _ => false,
    };
    global_unicast && !special
}

#[cfg(test)]
mod tests {
    use super::AddressPolicy;

    const STRICT: AddressPolicy = AddressPolicy { allow_loopback: false };
    const REHEARSAL: AddressPolicy = AddressPolicy { allow_loopback: true };

    #[test]
    fn public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2a00:1450:4009::1",
            "3fff:1000::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(STRICT.allows(text.parse().unwrap()), "{text} is public");
        }
    }

    #[test]
    fn special_addresses_are_refused_in_both_modes() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::10.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!STRICT.allows(text.parse().unwrap()), "{text} is special");
            assert!(!REHEARSAL.allows(text.parse().unwrap()), "{text} is special in a rehearsal too");
        }
    }

    #[test]
    fn loopback_is_for_rehearsals_only() {
        for text in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"] {
            assert!(!STRICT.allows(text.parse().unwrap()), "{text}");
            assert!(REHEARSAL.allows(text.parse().unwrap()), "{text}");
        }
    }
}
