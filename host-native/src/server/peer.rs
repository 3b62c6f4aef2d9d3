//! Where a request came from, also behind proxies.

use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// What proxies add to: the client first, then each proxy but the last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address. `connection` is the other end of the socket; if that is one of the `trusted` proxies,
/// what it says of where the request came from is believed, and so on from right to left.
///
/// Anyone can send the header: only what a trusted proxy wrote into it counts.
pub fn client(connection: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted =
        |address: &IpAddr| trusted.iter().any(|known| known.to_canonical() == address.to_canonical());
    let mut client = connection;
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    for named in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(&client) {
            break;
        }
        match address(named.trim()) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.parse().ok();
    bare().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The proxies of a setting: addresses with commas between.
pub fn proxies(text: &str) -> Option<Vec<IpAddr>> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXIES: &str = "127.0.0.1, ::1, 10.0.0.2";

    fn seen(connection: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        client(connection.parse().unwrap(), &headers, &proxies(PROXIES).unwrap()).to_string()
    }

    #[test]
    fn a_trusted_proxy_says_who_it_speaks_for() {
        assert_eq!(seen("127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("::ffff:127.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["203.0.113.9", "10.0.0.2"]), "203.0.113.9");
        assert_eq!(seen("::1", &["[2001:db8::7]:80"]), "2001:db8::7");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn nobody_else_is_believed() {
        assert_eq!(seen("198.51.100.4", &["203.0.113.9"]), "198.51.100.4");
        // What the client itself wrote stands further left.
        assert_eq!(seen("127.0.0.1", &["1.2.3.4, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["1.2.3.4, 127.0.0.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["1.2.3.4, unknown"]), "127.0.0.1");
        assert_eq!(proxies("127.0.0.1, proxy.internal"), None);
    }
}
