//! Whose address a request comes from, and which addresses count as one.
//!
//! A forwarded header is believed only from a configured proxy, and only the header that the configuration names:
//! whoever may set the address may escape every limit by address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that share one bucket: an IPv4 /24, an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// The first three bytes.
    V4([u8; 3]),
    /// The first eight bytes.
    V6([u8; 8]),
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4([a, b, c]) => write!(formatter, "{}/24", Ipv4Addr::new(a, b, c, 0)),
            Self::V6(prefix) => {
                let address = Ipv6Addr::from_bits(u128::from(u64::from_be_bytes(prefix)) << 64);
                write!(formatter, "{address}/64")
            }
        }
    }
}

/// The bucket of an address. An IPv4 address written as IPv6 (`::ffff:a.b.c.d`) is the IPv4 address.
pub fn bucket(address: IpAddr) -> Network {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Network::V4([a, b, c])
        }
        IpAddr::V6(address) => {
            let mut prefix = [0; 8];
            prefix.copy_from_slice(&address.octets()[..8]);
            Network::V6(prefix)
        }
    }
}

/// A range of addresses in CIDR notation (RFC 4632, RFC 4291): `10.0.0.0/8`, `2001:db8::/32`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// A text is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no range of addresses such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct CidrFault(String);

impl FromStr for Cidr {
    type Err = CidrFault;

    fn from_str(text: &str) -> Result<Self, CidrFault> {
        let fault = || CidrFault(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), str::parse).map_err(|_| fault())?;
        let cidr = Self { address, prefix };
        // A bit set below the prefix is a typing error: somebody meant another range.
        let exact = prefix <= most && cidr.masked(address) == cidr.masked_bits(address, most);
        if exact { Ok(cidr) } else { Err(fault()) }
    }
}

impl<'de> serde::Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Cidr {
    /// Whether `address` lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && self.masked(address) == self.masked(self.address)
    }

    fn masked(&self, address: IpAddr) -> u128 {
        self.masked_bits(address, self.prefix)
    }

    #[expect(clippy::unused_self, reason = "reads as the range's own view of an address")]
    fn masked_bits(&self, address: IpAddr, prefix: u8) -> u128 {
        let bits = match address {
            IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
            IpAddr::V6(address) => address.to_bits(),
        };
        bits & u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0)
    }
}

/// What a proxy says of where the request came from.
#[derive(Clone, Copy, Debug)]
pub enum Forwarded<'a> {
    /// Nothing, or nothing that the configuration tells us to read.
    Nothing,
    /// The value of `X-Forwarded-For`; several headers joined by commas in their order.
    XForwardedFor(&'a str),
    /// The value of `Forwarded` (RFC 7239), joined likewise.
    Standard(&'a str),
}

/// The address a request came from: going back from `peer`, the first that is not a trusted proxy. What a trusted
/// proxy cannot name (`unknown`, a hidden name, nonsense) leaves that proxy's own address.
pub fn client_address(peer: IpAddr, forwarded: Forwarded<'_>, trusted: &[Cidr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let (list, read): (&str, fn(&str) -> Option<IpAddr>) = match forwarded {
        Forwarded::Nothing => ("", address_of_node),
        Forwarded::XForwardedFor(list) => (list, address_of_node),
        Forwarded::Standard(list) => (list, address_of_element),
    };
    let mut current = peer.to_canonical();
    for hop in list.rsplit(',') {
        if !is_trusted(current) {
            break;
        }
        let Some(address) = read(hop) else { break };
        current = address;
    }
    current
}

/// The `for` of one element of `Forwarded`: `for="[2001:db8::1]:4711";proto=https`.
fn address_of_element(element: &str) -> Option<IpAddr> {
    let mut nodes = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    });
    let node = nodes.next()?;
    if nodes.next().is_some() {
        return None;
    }
    address_of_node(node)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`, any of them in quotes.
fn address_of_node(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let node = node.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(node);
    let host = if let Some(rest) = node.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        (port.is_empty() || is_port(port.strip_prefix(':')?)).then_some(host)?
    } else {
        match node.split_once(':') {
            Some((host, port)) if is_port(port) => host,
            Some(_) | None => node,
        }
    };
    let Ok(address) = host.parse::<IpAddr>() else { return None };
    Some(address.to_canonical())
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn trusted() -> [Cidr; 2] {
        ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|text| text.parse().unwrap())
    }

    fn through(peer: &str, list: &str) -> String {
        client_address(ip(peer), Forwarded::XForwardedFor(list), &trusted()).to_string()
    }

    #[test]
    fn who_is_no_proxy_of_ours_cannot_choose_an_address() {
        assert_eq!(through("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(through("203.0.113.9", "10.0.0.1, 198.51.100.1"), "203.0.113.9");
        // A client behind the proxy writes a list of its own: what the proxy has added at the right counts.
        assert_eq!(through("10.0.0.1", "198.51.100.1, 203.0.113.9"), "203.0.113.9");
        assert_eq!(through("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(client_address(ip("203.0.113.9"), Forwarded::Nothing, &trusted()), ip("203.0.113.9"));
    }

    #[test]
    fn what_a_proxy_cannot_name_leaves_the_proxy() {
        assert_eq!(through("10.0.0.1", ""), "10.0.0.1");
        assert_eq!(through("10.0.0.1", "198.51.100.1, unknown"), "10.0.0.1");
        assert_eq!(through("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2"), "10.0.0.2");
        assert_eq!(through("10.0.0.1", "198.51.100.1,"), "10.0.0.1");
        assert_eq!(through("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
    }

    #[test]
    fn every_usual_way_to_write_an_address_is_read() {
        for text in
            ["203.0.113.9", " 203.0.113.9:4711", "::ffff:203.0.113.9", "[::ffff:203.0.113.9]:1", "\"203.0.113.9\""]
        {
            assert_eq!(through("10.0.0.1", text), "203.0.113.9", "{text}");
            assert_eq!(through("::ffff:10.0.0.1", text), "203.0.113.9", "{text}");
        }
        for text in ["2001:db8::7", "[2001:db8::7]", "\"[2001:db8::7]:4711\""] {
            assert_eq!(through("2001:db8:ffff::1", text), "2001:db8::7", "{text}");
        }
        for text in
            ["203.0.113.9:", "203.0.113.9:x", "[2001:db8::7", "[2001:db8::7]4711", "203.0.113.9 evil", "203.0.113"]
        {
            assert_eq!(through("10.0.0.1", text), "10.0.0.1", "{text}");
        }
    }

    #[test]
    fn the_standard_header_is_read_by_its_own_grammar() {
        let standard = |list| client_address(ip("10.0.0.1"), Forwarded::Standard(list), &trusted()).to_string();
        assert_eq!(standard("for=198.51.100.1, For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1"), "2001:db8::7");
        assert_eq!(standard("proto=https;for=203.0.113.9"), "203.0.113.9");
        for odd in ["for=_hidden", "203.0.113.9", "by=203.0.113.9", "for=203.0.113.9;for=198.51.100.1"] {
            assert_eq!(standard(odd), "10.0.0.1", "{odd}");
        }
    }

    #[test]
    fn buckets_are_named_by_their_range() {
        assert_eq!(bucket(ip("203.0.113.9")).to_string(), "203.0.113.0/24");
        assert_eq!(bucket(ip("::ffff:203.0.113.200")), bucket(ip("203.0.113.9")));
        assert_eq!(bucket(ip("2001:db8:1:2:3:4:5:6")).to_string(), "2001:db8:1:2::/64");
        assert_eq!(bucket(ip("2001:db8:1:2::")), bucket(ip("2001:db8:1:2:ffff:ffff:ffff:ffff")));
        assert_ne!(bucket(ip("2001:db8:1:2::")), bucket(ip("2001:db8:1:3::")));
    }

    #[test]
    fn ranges_are_read_and_typing_errors_refused() {
        let all: Cidr = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains(ip("203.0.113.9")) && !all.contains(ip("2001:db8::1")));
        let one: Cidr = "203.0.113.9".parse().unwrap();
        assert!(one.contains(ip("::ffff:203.0.113.9")) && !one.contains(ip("203.0.113.8")));
        for wrong in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::1/129", "any", "", "10.0.0.0/-1"] {
            assert_eq!(wrong.parse::<Cidr>(), Err(CidrFault(wrong.to_owned())), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever stands left of the proxy's own entry changes nothing.
        #[test]
        fn a_client_cannot_reach_past_the_entry_of_the_proxy(noise in "[ -~]{0,60}", last in any::<u32>()) {
            let client = Ipv4Addr::from_bits(last);
            prop_assume!(!trusted().iter().any(|range| range.contains(client.into())));
            let list = format!("{noise},{client}");
            prop_assert_eq!(client_address(ip("10.0.0.1"), Forwarded::XForwardedFor(&list), &trusted()), IpAddr::V4(client));
            let noisy = client_address(ip("10.0.0.1"), Forwarded::Standard(&noise), &[]);
            prop_assert_eq!(noisy, ip("10.0.0.1"));
        }
    }
}
