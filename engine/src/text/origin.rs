//! Web origins: scheme, host and port, as browsers name them in the `Origin` header.

/// The origin that a person wrote down: as [`origin`], and `https` where they left the scheme out.
pub fn written(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains("://") { origin(text) } else { origin(&format!("https://{text}")) }
}

/// The origin of an address, in the one spelling that browsers use: lower case, and no port where it is
/// the scheme's own. `None` if it is not on the web.
///
/// Only ASCII hosts: a browser sends `xn--…` names, and what it cannot send could never match.
pub fn origin(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let own_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let address: std::net::Ipv6Addr = address.parse().ok()?;
            (format!("[{address}]"), port.strip_prefix(':').or_else(|| port.is_empty().then_some(""))?)
        }
        None => {
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            let labels = host.strip_suffix('.').unwrap_or(host).split('.').all(|label| !label.is_empty());
            if host.is_empty() || host.len() > 253 || !host.chars().all(named) || !labels {
                return None;
            }
            (host.to_ascii_lowercase(), port)
        }
    };
    if port.is_empty() {
        return Some(format!("{scheme}://{host}"));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| digits && *port > 0)?;
    Some(if port == own_port { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use super::{origin, written};
    use proptest::prelude::*;

    #[test]
    fn one_spelling_for_each_origin() {
        for (text, expected) in [
            ("example.com", "https://example.com"),
            (" https://Example.COM/shop?x=1 ", "https://example.com"),
            ("https://example.com:443", "https://example.com"),
            ("http://example.com:80/", "http://example.com"),
            ("http://example.com:443", "http://example.com:443"),
            ("localhost:3000", "https://localhost:3000"),
            ("HTTP://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[0:0:0::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(written(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_no_page_can_come_from_is_none() {
        for text in [
            "",
            "file:///x",
            "ftp://a.test",
            "javascript:alert(1)",
            "https://",
            "https://*.a.test",
            "*",
            "https://user@a.test",
            "https://a..test",
            "https://a.test:0",
            "https://a.test:99999",
            "https://a.test:+80",
            "https://a test",
            "https://münchen.test",
            "http://[::1",
            "http://[::1]x",
        ] {
            assert_eq!(written(text), None, "{text}");
        }
        // What a browser says for a page that has no origin.
        assert_eq!(origin("null"), None);
    }

    proptest! {
        #[test]
        fn an_origin_is_its_own_origin(text in "(https?://)?[A-Za-z0-9.:/@\\[\\]-]{0,30}") {
            if let Some(found) = written(&text) {
                prop_assert_eq!(origin(&found), Some(found));
            }
        }
    }
}
