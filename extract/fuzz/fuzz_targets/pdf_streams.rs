//! Arbitrary data as a stream of a PDF, behind filters that the first byte chooses: the content of a page, a map from codes
//! to letters, an object stream and a table of objects at once.
#![no_main]

use haversack_extract::{Limits, Source, extract};

const FILTERS: [&str; 8] = [
    "",
    "/Filter /FlateDecode",
    "/Filter [/FlateDecode /FlateDecode]",
    "/Filter /LZWDecode",
    "/Filter [/ASCIIHexDecode /RunLengthDecode]",
    "/Filter [/ASCII85Decode /FlateDecode]",
    "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 3 >>",
    "/Filter 6 0 R",
];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((choice, data)) = input.split_first() else { return };
    let filters = FILTERS[usize::from(*choice) % FILTERS.len()];
    let mut file = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
        2 0 obj\n<< /Type /Pages /Kids [3 0 R 9 0 R] >>\nendobj\n\
        3 0 obj\n<< /Type /Page /Contents 5 0 R /Resources << /Font << /F 4 0 R >> >> >>\nendobj\n\
        4 0 obj\n<< /Subtype /Type1 /BaseFont /Courier /ToUnicode 5 0 R >>\nendobj\n\
        6 0 obj\n[/FlateDecode /ASCII85Decode]\nendobj\n"
        .to_vec();
    let start = file.len();
    let length = data.len();
    let dictionary = format!(
        "5 0 obj\n<< /Type /ObjStm /N 2 /First 8 /Size 9 /W [1 2 1] /Root 1 0 R {filters} /Length {length} >>\nstream\n"
    );
    file.extend(dictionary.bytes());
    file.extend(data);
    file.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF").bytes());
    let limits = Limits { max_expanded_bytes: 16 << 20, max_operations: 1_000_000, ..Limits::default() };
    let _ = extract(Source { name: "a.pdf", mime: None, bytes: &file }, &limits);
});
