//! Making sure that the ends of streams can be found in reasonable time.

use memchr::memmem;

/// How often the bytes of a file may be passed in search for the ends of streams; once is normal.
const MAX_SEARCHES: u64 = 16;
/// Files below this size are searched quickly however they are made.
const SEARCHED_QUICKLY_BYTES: u64 = 4 * 1024 * 1024;

/// Whether streams end where the next one begins, at the latest. The library searches for the end of each stream
/// whose length is wrong.
pub(crate) fn has_ends(bytes: &[u8]) -> bool {
    let most = MAX_SEARCHES * (bytes.len() as u64).max(SEARCHED_QUICKLY_BYTES);
    let mut ends = memmem::find_iter(bytes, b"endstream").peekable();
    let mut last = None;
    let mut searched = 0;
    for start in memmem::find_iter(bytes, b"stream") {
        while let Some(end) = ends.next_if(|end| *end < start) {
            last = Some(end);
        }
        // The keyword itself is part of its counterpart.
        let is_end = last.is_some_and(|end| end + b"end".len() == start);
        if !is_end {
            searched += (ends.peek().copied().unwrap_or(bytes.len()) - start) as u64;
        }
        if searched > most {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(dictionary: &str, data: &[u8]) -> Vec<u8> {
        [b"1 0 obj\n<< ", dictionary.as_bytes(), b" >>\nstream\n", data, b"\nendstream\nendobj\n"].concat()
    }

    #[test]
    fn streams_have_ends() {
        assert!(has_ends(&object("", &[b'x'; 1000]).repeat(10_000)));
        let endless = b"1 0 obj\n<< /Length 9 >>\nstream\nx\nendobj\n".repeat(100_000);
        assert!(!has_ends(&endless));
        assert!(!has_ends(&[endless.as_slice(), b"endstream"].concat()));
    }
}
