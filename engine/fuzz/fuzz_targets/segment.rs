//! A stored segment: damage is an error, never a panic, and what is read is written again as it was.
#![no_main]

use haversack_engine::vector::segment::SegmentVectors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // Most damage fails the checksum; with one that fits, what lies behind it is looked at too.
    check(&[bytes, &crc32fast::hash(bytes).to_le_bytes()].concat());
});

fn check(bytes: &[u8]) {
    if let Ok(segment) = SegmentVectors::decode(1, bytes) {
        assert_eq!(segment.encode(), bytes);
    }
}
