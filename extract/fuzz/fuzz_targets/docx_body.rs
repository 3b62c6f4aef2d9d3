//! Arbitrary bytes as the body of an otherwise sound Word document.
#![no_main]

use std::io::{Cursor, Write};

use haversack_extract::{Limits, Source, extract};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file("word/document.xml", options).expect("a fresh archive takes a file");
    archive.write_all(body).expect("memory takes every write");
    let bytes = archive.finish().expect("memory takes every write").into_inner();
    let _ = extract(Source { name: "a.docx", mime: None, bytes: &bytes }, &Limits::default());
});
