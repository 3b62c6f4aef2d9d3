//! Which addresses belong to the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `ip` is an ordinary public address: not private, loopback, link-local (where cloud metadata
/// lives), carrier-grade NAT, multicast, documentation or otherwise reserved (IANA special-purpose
/// registries), nor any of these wrapped in an IPv6 address.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Whether a host, as it stands in a parsed URL (an IPv6 address in brackets, odd spellings of addresses undone), may be
/// public: it is no literal of a private address and no name that only private networks have (RFC 6761, RFC 6762,
/// RFC 8375). For hosts that cannot resolve names; where a name leads has to be checked by whoever can.
pub fn is_public_host(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(Ok(ip)) = literal.map(str::parse::<Ipv6Addr>) {
        return is_public(IpAddr::V6(ip));
    }
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return is_public(IpAddr::V4(ip));
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let private = ["localhost", "local", "internal", "lan", "home.arpa"];
    !name.is_empty()
        && !private.iter().any(|suffix| {
            let stem = name.strip_suffix(suffix);
            stem.is_some_and(|stem| stem.is_empty() || stem.ends_with('.'))
        })
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    const RESERVED: [([u8; 4], u32); 16] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 31, 196, 0], 24),
        ([192, 52, 193, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        // Multicast, and everything above it up to broadcast.
        ([224, 0, 0, 0], 3),
    ];
    let bits = u32::from(ip);
    !RESERVED.iter().any(|(net, length)| (bits ^ u32::from_be_bytes(*net)) >> (32 - length) == 0)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // NAT64: an IPv4 host as an IPv6-only network sees it.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [a, b] = segments[6].to_be_bytes();
        let [c, d] = segments[7].to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Global unicast is 2000::/3; mapped, unique-local, link-local and multicast lie outside of it.
    let global = segments[0] & 0xe000 == 0x2000;
    let protocol_assignments = segments[0] == 0x2001 && segments[1] < 0x0200;
    let documentation = segments[..2] == [0x2001, 0xdb8] || (segments[0] == 0x3fff && segments[1] < 0x1000);
    let six_to_four = segments[0] == 0x2002;
    global && !protocol_assignments && !documentation && !six_to_four
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let refused = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
        ];
        for ip in refused {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        let allowed = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "64:ff9b::808:808",
        ];
        for ip in allowed {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn private_hosts_are_known_by_their_spelling() {
        for private in
            ["localhost", "a.localhost", "printer.local", "127.0.0.1", "10.0.0.1", "[::1]", "LOCALHOST.", ""]
        {
            assert!(!is_public_host(private), "{private}");
        }
        for public in ["example.org", "localhost.example.org", "notlocal", "1.1.1.1", "[2606:4700::1111]"] {
            assert!(is_public_host(public), "{public}");
        }
    }
}
