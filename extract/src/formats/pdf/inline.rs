//! How far content can be searched for the ends of its inline pictures.

/// How often content may be passed in search for the ends of its inline pictures; a few times is normal.
const MAX_SEARCHES: usize = 16;
/// Content below this size is searched quickly however it is made.
const SEARCHED_QUICKLY_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of content up to which inline pictures can be found in reasonable time: the length of all, but for
/// hostile content. From each `BI` the library searches for `EI`, and from each of those that may be false
/// for both, so many that stand alone take quadratic time.
pub(crate) fn searchable_bytes(content: &[u8]) -> usize {
    let is_space = |at: Option<usize>| at.and_then(|at| content.get(at)).is_none_or(u8::is_ascii_whitespace);
    let mut costs = Vec::new();
    let (mut next_begin, mut next_end) = (content.len(), content.len());
    for at in memchr::memrchr_iter(b'I', content) {
        let Some(start) = at.checked_sub(1).filter(|_| is_space(Some(at + 1))) else { continue };
        match content[start] {
            b'B' if is_space(start.checked_sub(1)) => {
                costs.push((start, next_end - start));
                next_begin = start;
            }
            b'E' => {
                costs.push((start, next_begin.max(next_end) - start));
                next_end = start;
            }
            _ => {}
        }
    }
    if next_begin == content.len() {
        return content.len();
    }
    let most = MAX_SEARCHES * content.len().max(SEARCHED_QUICKLY_BYTES);
    let mut searched = 0;
    for (start, cost) in costs.into_iter().rev().skip_while(|(start, _)| *start < next_begin) {
        searched += cost;
        if searched > most {
            return start;
        }
    }
    content.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_pictures_must_end() {
        let fine = b"BI /W 1 ID \x00EI \xff EI Q BT (EI ) Tj ET\n".repeat(50_000);
        assert_eq!(searchable_bytes(&fine), fine.len());
        let text = b"(EI ) Tj ".repeat(200_000);
        assert_eq!(searchable_bytes(&text), text.len());
        let endless = b"BI ID ".repeat(200_000);
        assert!(searchable_bytes(&endless) < 1000);
        let ends = [b"BI ID ".as_slice(), &b"EI [ ".repeat(200_000)].concat();
        assert!(searchable_bytes(&ends) < 1000);
    }
}
