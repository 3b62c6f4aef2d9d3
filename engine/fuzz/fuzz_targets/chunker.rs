//! Any text, cut both ways: every chunk lies in it, on character boundaries.
#![no_main]

use haversack_engine::chunk::{ChunkMode, ChunkOptions, Chunker};

libfuzzer_sys::fuzz_target!(|input: (u8, u8, &str)| {
    let (size, overlap, text) = input;
    for mode in [ChunkMode::Recursive, ChunkMode::Markdown] {
        let options = ChunkOptions { size: size.into(), overlap: overlap.into(), mode };
        if let Ok(chunks) = Chunker::new(text, options, &[]) {
            for chunk in chunks {
                assert!(text.get(chunk.span).is_some_and(|chunk| !chunk.trim().is_empty()));
            }
        }
    }
});
