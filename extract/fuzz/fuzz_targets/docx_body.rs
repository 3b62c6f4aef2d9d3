//! Arbitrary bytes as the body of an otherwise sound Word document.
#![no_main]

use std::io::Write;

use haversack_extract::{Limits, Source, extract};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let bytes = archive(body).expect("memory takes every write");
    let _ = extract(Source { name: "a.docx", mime: None, bytes: &bytes }, &Limits::default());
});

fn archive(body: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut writer = rawzip::ZipArchiveWriter::new(Vec::new());
    let (mut entry, config) = writer.new_file("word/document.xml").start()?;
    let mut data = config.wrap(&mut entry);
    data.write_all(body)?;
    let (_, descriptor) = data.finish()?;
    entry.finish(descriptor)?;
    Ok(writer.finish()?)
}
