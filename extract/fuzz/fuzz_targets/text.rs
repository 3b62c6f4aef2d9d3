//! Arbitrary bytes as `.txt`. Seeds: `../testdata`.
#![no_main]

use haversack_extract::{Limits, Source, extract};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_expanded_bytes: 16 << 20, max_operations: 1_000_000, ..Limits::default() };
    let _ = extract(Source { name: "a.txt", mime: None, bytes }, &limits);
});
