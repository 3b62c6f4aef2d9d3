//! A stored segment: damage is an error, never a panic, and what is read is written again as it was.
#![no_main]

use haversack_engine::vector::segment::SegmentVectors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(segment) = SegmentVectors::decode(1, bytes) {
        assert_eq!(segment.encode(), bytes);
    }
});
