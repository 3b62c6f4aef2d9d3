//! Tables of references, and objects inside of streams.

use super::super::{Make, deflate};
use super::{Pdf, stream};
use std::collections::BTreeMap;

pub const FILES: [(&str, Make); 14] = [
    ("table-stream-expands", table_stream_expands),
    ("table-stream-size", table_stream_size),
    ("table-stream-no-width", table_stream_no_width),
    ("table-size", table_size),
    ("table-before-itself", table_before_itself),
    ("table-missing", table_missing),
    ("table-lies", table_lies),
    ("objects-in-streams", objects_in_streams),
    ("objects-in-streams-hex", objects_in_streams_hex),
    ("objects-in-streams-false-end", objects_in_streams_false_end),
    ("objects-in-streams-layers", objects_in_streams_layers),
    ("objects-in-streams-count", objects_in_streams_count),
    ("objects-in-their-own-stream", objects_in_their_own_stream),
    ("encrypted-with-itself", encrypted_with_itself),
];

const MEBIBYTE: usize = 1 << 20;

/// `pdf` with a table that is a stream: its dictionary and data.
fn with_table(pdf: &Pdf, dictionary: &str, data: &[u8]) -> Vec<u8> {
    let (mut out, _) = pdf.bodies();
    let at = out.len();
    out.extend(b"90 0 obj\n");
    out.extend(stream(&format!("/Type /XRef /Root 1 0 R {dictionary}"), data));
    out.extend(format!("\nendobj\nstartxref\n{at}\n%%EOF\n").bytes());
    out
}

/// 800 million entries of one byte.
fn table_stream_expands() -> Vec<u8> {
    let data = deflate::bomb(b"", &vec![1; MEBIBYTE], 800);
    with_table(&Pdf::page(), "/Size 838860800 /W [0 1 0] /Filter /FlateDecode", &data)
}

fn table_stream_size() -> Vec<u8> {
    with_table(&Pdf::page(), "/Size 4294967295 /Index [0 4294967295 0 4294967295] /W [1 4 2]", &[1; 70])
}

/// Entries that take no bytes: any number of them fits.
fn table_stream_no_width() -> Vec<u8> {
    with_table(&Pdf::page(), "/Size 4294967295 /Index [0 4294967295] /W [0 0 0]", b"")
}

/// A file whose classic table begins with `head`.
fn with_head(head: &str, trailer: &str) -> Vec<u8> {
    let (mut out, places) = Pdf::page().bodies();
    let at = out.len();
    out.extend(format!("xref\n{head}\n").bytes());
    for place in places.values() {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer = trailer.replace("HERE", &at.to_string());
    out.extend(format!("trailer\n<< /Root 1 0 R {trailer} >>\nstartxref\n{at}\n%%EOF\n").bytes());
    out
}

fn table_size() -> Vec<u8> {
    with_head("1 4294967295", "/Size 4294967296")
}

fn table_before_itself() -> Vec<u8> {
    with_head("1 5", "/Size 6 /Prev HERE /XRefStm HERE")
}

/// No table, and many beginnings of objects: who looks for them must not look from each to the end.
fn table_missing() -> Vec<u8> {
    let mut out = Pdf::page().bodies().0;
    out.extend(b"1 0 obj << stream ".repeat(200_000));
    out
}

/// Every entry leads into the middle of something.
fn table_lies() -> Vec<u8> {
    let rows = (0..60_000).map(|n| format!("{:010} 00000 n \n", n % 400)).collect::<String>();
    let (mut out, _) = Pdf::page().bodies();
    let at = out.len();
    out.extend(
        format!("xref\n0 60000\n{rows}trailer\n<< /Root 1 0 R /Size 60000 >>\nstartxref\n{at}\n%%EOF\n")
            .bytes(),
    );
    out
}

/// Pages that lie in streams: each body of `streams` holds the object of its number.
fn pages_in_streams(mut pdf: Pdf, streams: &BTreeMap<u32, Vec<u8>>) -> Vec<u8> {
    let kids: String = streams.keys().map(|number| format!("{number} 0 R ")).collect();
    pdf = pdf.object(2, format!("<< /Type /Pages /Kids [3 0 R {kids}] /Count 1 >>"));
    for (number, body) in streams {
        pdf = pdf.object(number + 1000, body);
    }
    let (_, places) = pdf.bodies();
    let mut rows: BTreeMap<u32, [u8; 7]> = BTreeMap::new();
    let row = |kind: u8, place: u32, last: u16| {
        let mut row = [kind; 7];
        row[1..5].copy_from_slice(&place.to_be_bytes());
        row[5..].copy_from_slice(&last.to_be_bytes());
        row
    };
    rows.extend(places.iter().map(|(number, place)| (*number, row(1, *place as u32, 0))));
    rows.extend(streams.keys().map(|number| (*number, row(2, number + 1000, 0))));
    let index: String = rows.keys().map(|number| format!("{number} 1 ")).collect();
    let data: Vec<u8> = rows.into_values().flatten().collect();
    with_table(&pdf, &format!("/Size 3000 /W [1 4 2] /Index [{index}]"), &data)
}

const HOLDER: &str = "/Type /ObjStm /N 1 /First 12";

fn head(number: u32) -> Vec<u8> {
    format!("{:<12}<< /Type /Page /Parent 2 0 R >> ", format!("{number} 0")).into_bytes()
}

/// Four streams of 1 GiB, each made by `make`.
fn four(make: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    pages_in_streams(Pdf::page(), &(200..204).map(|number| (number, make(number))).collect())
}

fn gibibyte(number: u32) -> Vec<u8> {
    deflate::bomb(&head(number), &vec![b' '; MEBIBYTE], 1024)
}

fn objects_in_streams() -> Vec<u8> {
    four(|number| stream(&format!("{HOLDER} /Filter /FlateDecode"), &gibibyte(number)))
}

fn objects_in_streams_hex() -> Vec<u8> {
    four(|number| {
        let hex: String = gibibyte(number).iter().map(|byte| format!("{byte:02x}")).collect();
        stream(&format!("{HOLDER} /Filter [/AHx /Fl]"), hex.as_bytes())
    })
}

fn objects_in_streams_false_end() -> Vec<u8> {
    four(|number| {
        let seen = [&head(number)[..], b"% endstream endobj\n"].concat();
        stream(
            &format!("{HOLDER} /Filter /FlateDecode"),
            &deflate::bomb_behind(&seen, &vec![b' '; MEBIBYTE], 1024),
        )
    })
}

fn objects_in_streams_layers() -> Vec<u8> {
    let streams = (200..204).map(|number| {
        (
            number,
            stream(&format!("{HOLDER} /Filter 9 0 R"), &deflate::zlib(&deflate::zlib(&gibibyte(number)))),
        )
    });
    let pdf = Pdf::page().object(9, "[/FlateDecode /FlateDecode /FlateDecode]");
    pages_in_streams(pdf, &streams.collect())
}

fn objects_in_streams_count() -> Vec<u8> {
    four(|number| {
        let numbers = format!("{number} 0 ").repeat(50_000);
        stream(
            "/Type /ObjStm /N 4294967295 /First 4294967295 /Extends 1200 0 R /Filter /FlateDecode",
            &deflate::zlib(numbers.as_bytes()),
        )
    })
}

/// The stream that holds an object has that object for its length.
fn objects_in_their_own_stream() -> Vec<u8> {
    four(|number| {
        format!("<< {HOLDER} /Length {number} 0 R /Filter {number} 0 R >>\nstream\n{number} 0        77\nendstream").into_bytes()
    })
}

fn encrypted_with_itself() -> Vec<u8> {
    Pdf::page()
        .object(6, "<< /Filter /Standard /V 5 /R 6 /Length 4294967295 /P -1 /O 6 0 R /U 6 0 R /CF 6 0 R /StmF /StdCF >>")
        .trailer("/Encrypt 6 0 R /ID [6 0 R 6 0 R]")
        .write()
}
