//! A bundle: damage is an error, never a panic, and what is read is written again as it was.
#![no_main]

use bytes::Bytes;
use haversack_engine::bundle::{Block, Catalog, Writer};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let bytes = Bytes::copy_from_slice(bytes);
    let _ = Catalog::of_file(&bytes);
    // Behind a checksum that fits.
    let Ok(block) = Block::decode(&bytes, crc32fast::hash(&bytes)) else { return };
    let mut writer = Writer::new();
    for entry in block.entries() {
        writer.push(&entry.key, &entry.value).expect("what a block holds can be written");
    }
    let catalog = Catalog::of_file(&writer.finish()).expect("what was written can be read");
    assert_eq!(catalog.places().is_empty(), block.entries().is_empty());
});
