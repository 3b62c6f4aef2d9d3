//! A provider's stream: however the bytes are split, the events are the same.
#![no_main]

use haversack_engine::llm::sse::SseDecoder;

fn events(bytes: &[u8], size: usize) -> Option<Vec<String>> {
    let (mut decoder, mut events) = (SseDecoder::new(1 << 16), Vec::new());
    for piece in bytes.chunks(size) {
        decoder.feed(piece, &mut events).ok()?;
    }
    decoder.finish(&mut events).ok()?;
    Some(events.iter().map(|event| format!("{event:?}")).collect())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert_eq!(events(bytes, bytes.len().max(1)), events(bytes, 1));
});
