//! Which addresses are delivered to: those of the global internet, and what the operator allows beside them. A name is resolved once
//! for each connection, every address that it has is checked, and the connection goes to one of those (pinned), so that a name that
//! is answered otherwise the next moment leads nowhere else.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// What of IPv4 is not global, by IANA's registry of special-purpose addresses; multicast and reserved beside that.
const NOT_GLOBAL_V4: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];
/// What of IPv6 is global: only unicast, of which IANA has given out this,
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// and what of that is not: protocols' own (with Teredo), documentation, 6to4 (which leads to any IPv4), documentation.
const NOT_GLOBAL_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Which addresses are delivered to.
#[derive(Clone, Debug, Default)]
pub struct Allowed(pub Vec<IpNet>);

impl Allowed {
    /// Whether an address may be connected to.
    pub fn has(&self, address: IpAddr) -> bool {
        // An IPv4 address in IPv6 clothes is what it is.
        let address = address.to_canonical();
        is_global(address) || self.has_explicitly(address)
    }

    /// Checks all addresses of a name: which of them is connected to is not for the name to choose.
    ///
    /// # Errors
    /// Why one of them is not connected to.
    fn check(&self, addresses: impl Iterator<Item = IpAddr>, is_encrypted: bool) -> Result<(), String> {
        for address in addresses {
            if !self.has(address) {
                return Err(format!("{address} is no address of the global internet, nor allowed by --webhook-allow"));
            }
            if !is_encrypted && !self.has_explicitly(address) {
                return Err(format!("{address} is reached by https only, unless --webhook-allow names it"));
            }
        }
        Ok(())
    }

    /// Whether the operator has named an address: it may be reached without encryption.
    fn has_explicitly(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }
}

/// Whether an address is one of the global internet.
fn is_global(address: IpAddr) -> bool {
    let v4 = |(net, length): &(Ipv4Addr, u8), of: &Ipv4Addr| Ipv4Net::new_assert(*net, *length).contains(of);
    let v6 = |(net, length): &(Ipv6Addr, u8), of: &Ipv6Addr| Ipv6Net::new_assert(*net, *length).contains(of);
    match address {
        IpAddr::V4(address) => !NOT_GLOBAL_V4.iter().any(|net| v4(net, &address)),
        IpAddr::V6(address) => v6(&GLOBAL_V6, &address) && !NOT_GLOBAL_V6.iter().any(|net| v6(net, &address)),
    }
}

/// Resolves names as the system does, and refuses what has an address that may not be connected to.
#[derive(Debug)]
pub struct CheckedResolver(pub Allowed);

impl Resolver for CheckedResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = DefaultResolver::default().resolve(uri, config, timeout)?;
        let refused = |why| ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why));
        self.0.check(addresses.iter().map(SocketAddr::ip), uri.scheme_str() == Some("https")).map_err(refused)?;
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_global_addresses_are_delivered_to_whatever_they_are_dressed_in() {
        let none = Allowed::default();
        for global in ["1.1.1.1", "93.184.216.34", "192.0.1.1", "2606:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8"] {
            assert!(none.has(ip(global)), "{global}");
        }
        for inner in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!none.has(ip(inner)), "{inner}");
        }
        let allowed = Allowed(vec!["10.1.0.0/16".parse().expect("a net"), "::1/128".parse().expect("a net")]);
        assert!(allowed.has(ip("10.1.2.3")) && allowed.has(ip("::ffff:10.1.2.3")) && allowed.has(ip("::1")));
        assert!(!allowed.has(ip("10.2.2.3")) && !allowed.has(ip("127.0.0.1")));
    }

    #[test]
    fn one_bad_address_of_a_name_is_enough_and_only_what_is_named_goes_in_clear() {
        let allowed = Allowed(vec!["10.1.0.0/16".parse().expect("a net")]);
        let check = |addresses: &[&str], is_encrypted| allowed.check(addresses.iter().map(|text| ip(text)), is_encrypted);
        assert_eq!(check(&["1.1.1.1", "10.1.0.9", "2606:4700::1111"], true), Ok(()));
        for bad in ["127.0.0.1", "169.254.169.254", "10.2.0.1", "::1"] {
            assert!(check(&["1.1.1.1", bad], true).is_err_and(|why| why.contains(bad)), "{bad}");
        }
        assert_eq!(check(&["10.1.0.9"], false), Ok(()));
        assert!(check(&["10.1.0.9", "1.1.1.1"], false).is_err_and(|why| why.contains("https only")));
    }
}
