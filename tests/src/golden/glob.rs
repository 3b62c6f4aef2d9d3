//! The two patterns the lists of differences use.

/// Whether `text` matches `pattern`, in which `*` stands for any characters.
pub fn text(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether a path matches a pattern of segments: `*` inside a segment is any characters but `/`, `**`
/// any number of segments.
pub fn path(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    segments(&pattern, &path)
}

fn segments(pattern: &[&str], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((&"**", rest)) => (0..=path.len()).any(|skip| segments(rest, &path[skip..])),
        Some((first, rest)) => {
            path.split_first().is_some_and(|(head, tail)| text(first, head) && segments(rest, tail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        assert!(text("*", "") && text("no key: *", "no key: GET /") && text("a*c*e", "abcde"));
        assert!(!text("a*c", "abd") && !text("ab", "abc") && !text("a*b*b", "ab"));
    }

    #[test]
    fn a_star_keeps_to_its_segment_and_two_cross() {
        assert!(path("/a/*/c", "/a/b/c") && path("/a/**", "/a/b/c") && path("/a/**", "/a"));
        assert!(path("/**/c", "/a/b/c") && path("/a/b*", "/a/bcd"));
        assert!(!path("/a/*", "/a/b/c") && !path("/a/**/x", "/a/b/c"));
    }
}
