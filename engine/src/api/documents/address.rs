//! Addresses as clients send them, in the form that they are stored in (reference §6.4).
//!
//! This is no judgement of where an address leads: the host decides that once it has resolved the name.

use crate::text::words::js_trim;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// An `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// In normal form, without a slash at its end.
    pub url: String,
    /// The host in lower case, without the port.
    pub host: String,
    /// The path, `/` if there is none.
    pub path: String,
}

/// What may not stand in a path or query as it is.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// Longest address.
const BYTES_MAX: usize = 8192;

impl Address {
    /// Reads an address. One without a scheme gets `https://`; `None` if it is none that a page has.
    pub fn parse(link: &str) -> Option<Address> {
        let link = js_trim(link);
        if link.is_empty() || link.len() > BYTES_MAX || link.contains(char::is_control) {
            return None;
        }
        let (scheme, rest) = link.split_once("://").unwrap_or(("https", link));
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return None;
        }
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (host, port) = split_port(authority)?;
        let host = host.to_lowercase();
        if !is_host(&host) {
            return None;
        }
        let (before_fragment, fragment) = match tail.split_once('#') {
            Some((before, fragment)) => (before, format!("#{}", escape(fragment))),
            None => (tail, String::new()),
        };
        let (path, query) = match before_fragment.split_once('?') {
            Some((path, query)) => (path, format!("?{}", escape(query))),
            None => (before_fragment, String::new()),
        };
        let path = match escape(path).replace('\\', "/") {
            path if path.is_empty() => "/".to_owned(),
            path => path,
        };
        let port = match (scheme.as_str(), port) {
            (_, None) | ("http", Some(80)) | ("https", Some(443)) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        let url = format!("{scheme}://{host}{port}{path}{query}{fragment}");
        let url = url.strip_suffix('/').unwrap_or(&url).to_owned();
        // The path of what is stored, without the slash that went.
        let path = match query.is_empty() && fragment.is_empty() {
            true => path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(&path).to_owned(),
            false => path,
        };
        Some(Address { url, host, path })
    }

    /// What is asked for: a fragment stays with the client.
    pub fn request_url(&self) -> String {
        self.url.split('#').next().unwrap_or_default().to_owned()
    }

    /// Host and path as the start of a file name: `example.com_`.
    pub fn file_stem(&self) -> String {
        format!("{}{}", self.host, self.path.replace('/', "_"))
    }

    /// Whether it is the page of a video, which has no text of its own.
    pub fn is_youtube_video(&self) -> bool {
        let host = self.host.strip_prefix("www.").or(self.host.strip_prefix("m.")).unwrap_or(&self.host);
        match host {
            "youtu.be" => self.path.len() > 1,
            "youtube.com" | "youtube-nocookie.com" => ["/watch", "/shorts/", "/embed/", "/live/", "/v/"]
                .iter()
                .any(|start| self.path.starts_with(start)),
            _ => false,
        }
    }
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Host and port; `None` if the port is none, or there is a user name.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if authority.contains('@') {
        return None;
    }
    match authority.rsplit_once(':') {
        // The colons of `[::1]` are no port's.
        Some((host, port)) if !port.contains(']') => match port {
            "" => Some((host, None)),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => Some((host, Some(digits.parse().ok()?))),
            _ => None,
        },
        _ => Some((authority, None)),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(literal) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return literal.parse::<std::net::Ipv6Addr>().is_ok();
    }
    !host.is_empty()
        && host.len() <= 255
        && host.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, '-' | '.' | '_') || (!c.is_ascii() && !c.is_whitespace())
        })
        && host.split('.').any(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(link: &str, url: &str, stem: &str) {
        let address = Address::parse(link).unwrap();
        assert_eq!((address.url.as_str(), address.file_stem().as_str()), (url, stem));
    }

    #[test]
    fn normal_form() {
        check("https://example.com", "https://example.com", "example.com_");
        check(" example.com/a/ ", "https://example.com/a", "example.com_a");
        check("HTTP://Example.COM:80/A?q=1#f", "http://example.com/A?q=1#f", "example.com_A");
        check("http://127.0.0.1:9/", "http://127.0.0.1:9", "127.0.0.1_");
        check(
            "http://127.0.0.1:8080/__mock/page/x",
            "http://127.0.0.1:8080/__mock/page/x",
            "127.0.0.1___mock_page_x",
        );
        check("https://a.b/ö x", "https://a.b/%C3%B6%20x", "a.b_%C3%B6%20x");
        check("http://[::1]:8080/x", "http://[::1]:8080/x", "[::1]_x");
        check("https://münchen.de?x", "https://münchen.de/?x", "münchen.de_");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for link in [
            "",
            "not a url",
            "ftp://example.com/x",
            "file:///etc/passwd",
            "http://",
            "https:///x",
            "http://user:pw@host/",
            "http://host:99999/",
            "http://host:x/",
            "javascript:alert(1)",
            "http://a\r\nb/",
            "http://[::g]/",
            "http://...",
            "http://a%00b/",
        ] {
            assert_eq!(Address::parse(link), None, "{link:?}");
        }
    }

    #[test]
    fn videos_are_known_by_their_address() {
        for (link, is_video) in [
            ("https://www.youtube.com/watch?v=x", true),
            ("youtu.be/x", true),
            ("https://m.youtube.com/shorts/x", true),
            ("https://youtube.com", false),
            ("https://notyoutube.com/watch?v=x", false),
        ] {
            assert_eq!(Address::parse(link).unwrap().is_youtube_video(), is_video, "{link}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_one_line_and_reads_alike_again(link in r"(https?://)?[a-z.\[\]:@ é]{0,8}[/?#\\]?\PC{0,12}") {
            if let Some(address) = Address::parse(&link) {
                prop_assert!(address.request_url().starts_with("http"));
                prop_assert!(!address.url.contains(char::is_control));
                prop_assert!(address.path.starts_with('/'));
            }
        }
    }
}
