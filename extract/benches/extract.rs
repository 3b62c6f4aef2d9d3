//! How many megabytes of text come out in a second, by format: `cargo bench -p haversack-extract`.

#![allow(clippy::unwrap_used, reason = "the files are made here")]

use std::fmt::Write as _;
use std::io::Write as _;

use divan::Bencher;
use divan::counter::BytesCount;
use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};
use haversack_extract::{Limits, Source, extract};

const SENTENCE: &str = "The mill stands near the river, and its wheel turns from March to November. ";

fn main() {
    divan::main();
}

fn bench(bencher: Bencher, name: &str, bytes: &[u8]) {
    let limits = Limits::default();
    let source = Source { name, mime: None, bytes };
    let text = extract(source, &limits).unwrap().documents.remove(0).text;
    bencher.counter(BytesCount::of_str(&text)).bench(|| extract(divan::black_box(source), &limits));
}

#[divan::bench]
fn text_1_mb(bencher: Bencher) {
    bench(bencher, "a.txt", SENTENCE.repeat(13_000).as_bytes());
}

#[divan::bench]
fn legacy_text_1_mb(bencher: Bencher) {
    let bytes: Vec<u8> = SENTENCE.replace("mill", "M\u{fc}hle").chars().map(|c| c as u8).collect();
    bench(bencher, "a.txt", &bytes.repeat(13_000));
}

#[divan::bench]
fn html_1_mb(bencher: Bencher) {
    let mut html = String::from("<html><body><nav><a href=/>Home</a></nav><main>");
    for section in 0..1500 {
        let paragraph = SENTENCE.repeat(8);
        let _ =
            write!(html, "<section><h2>Part {section}</h2><p>{paragraph}<a href='/x'>more</a></p></section>");
    }
    bench(bencher, "a.html", html.as_bytes());
}

#[divan::bench]
fn pdf_200_pages(bencher: Bencher) {
    bench(bencher, "a.pdf", &pdf(200));
}

#[divan::bench]
fn pdf_200_pages_without_cross_references(bencher: Bencher) {
    let mut bytes = pdf(200);
    bytes.truncate(bytes.len() - 200);
    bench(bencher, "a.pdf", &bytes);
}

#[divan::bench]
fn docx_3000_paragraphs(bencher: Bencher) {
    let mut body = String::from("<w:document><w:body>");
    for _ in 0..3000 {
        let text = SENTENCE.repeat(4);
        let _ = write!(body, "<w:p><w:pPr><w:jc w:val=\"left\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>");
    }
    body.push_str("</w:body></w:document>");
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let file = archive.new_file("word/document.xml").compression_method(rawzip::CompressionMethod::DEFLATE);
    let (mut entry, config) = file.start().unwrap();
    let mut data = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
    data.write_all(body.as_bytes()).unwrap();
    let (encoder, descriptor) = data.finish().unwrap();
    encoder.finish().unwrap();
    entry.finish(descriptor).unwrap();
    bench(bencher, "a.docx", &archive.finish().unwrap());
}

/// Pages of 50 lines in Helvetica, compressed.
fn pdf(pages: usize) -> Vec<u8> {
    let mut content = String::from("BT /F1 10 Tf 12 TL 72 720 Td\n");
    for _ in 0..50 {
        let _ = writeln!(content, "({SENTENCE}) Tj T*");
    }
    content.push_str("ET");
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_bytes()).unwrap();
    let content = encoder.finish().unwrap();

    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let mut object = |bytes: &mut Vec<u8>, head: String, data: Option<&[u8]>| {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n{head}", offsets.len()).bytes());
        if let Some(data) = data {
            bytes.extend(b"\nstream\n");
            bytes.extend(data);
            bytes.extend(b"\nendstream");
        }
        bytes.extend(b"\nendobj\n");
    };
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    object(&mut bytes, "<< /Type /Catalog /Pages 2 0 R >>".into(), None);
    object(&mut bytes, format!("<< /Type /Pages /Count {pages} /Kids [{}] >>", kids.join(" ")), None);
    object(&mut bytes, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".into(), None);
    for page in 0..pages {
        let resources = "/Resources << /Font << /F1 3 0 R >> >>";
        object(
            &mut bytes,
            format!("<< /Type /Page /Parent 2 0 R {resources} /Contents {} 0 R >>", 5 + 2 * page),
            None,
        );
        object(&mut bytes, format!("<< /Filter /FlateDecode /Length {} >>", content.len()), Some(&content));
    }
    let start = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).bytes());
    for offset in &offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = offsets.len() + 1;
    bytes.extend(format!("trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF").bytes());
    bytes
}
