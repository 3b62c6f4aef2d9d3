//! Archives, taken apart and packed again.

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::{Read, Write};

/// The archive with each of its parts changed by `change`, deflated anew. What is no archive comes back as it is.
pub fn with_parts_changed(archive: &[u8], mut change: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    repack(archive, &mut change).unwrap_or_else(|| archive.to_vec())
}

fn repack(archive: &[u8], change: &mut dyn FnMut(&mut Vec<u8>)) -> Option<Vec<u8>> {
    let zip = rawzip::ZipArchive::from_slice(archive).ok()?;
    let mut out = rawzip::ZipArchiveWriter::new(Vec::new());
    let mut entries = zip.entries();
    while let Ok(Some(entry)) = entries.next_entry() {
        let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        let deflated = entry.compression_method() == rawzip::CompressionMethod::DEFLATE;
        let data = zip.get_entry(entry.wayfinder()).ok()?;
        let mut part = Vec::new();
        if deflated {
            DeflateDecoder::new(data.data()).read_to_end(&mut part).ok()?;
        } else {
            part.extend_from_slice(data.data());
        }
        change(&mut part);
        let file = out.new_file(&name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut file, config) = file.start().ok()?;
        let mut writer = config.wrap(DeflateEncoder::new(&mut file, Compression::fast()));
        writer.write_all(&part).ok()?;
        let (encoder, descriptor) = writer.finish().ok()?;
        encoder.finish().ok()?;
        file.finish(descriptor).ok()?;
    }
    out.finish().ok()
}
