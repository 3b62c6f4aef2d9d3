//! Plain text, tables and data.

use super::Make;
use std::fmt::Write;

pub const FILES: [(&str, Make); 18] = [
    ("csv-columns-many.csv", csv_columns_many),
    ("csv-header-long.csv", csv_header_long),
    ("csv-quote-unclosed.csv", csv_quote_unclosed),
    ("csv-rows-empty.csv", csv_rows_empty),
    ("json-nested.json", json_nested),
    ("json-nested-objects.json", json_nested_objects),
    ("json-number-long.json", json_number_long),
    ("json-keys-many.json", json_keys_many),
    ("json-path-long.json", json_path_long),
    ("txt-one-line.txt", txt_one_line),
    ("txt-spaces.txt", txt_spaces),
    ("txt-accents.txt", txt_accents),
    ("txt-joined.txt", txt_joined),
    ("txt-zeros.txt", txt_zeros),
    ("txt-marks-of-order.txt", txt_marks_of_order),
    ("txt-stops.txt", txt_stops),
    ("md-brackets.md", md_brackets),
    ("md-headings.md", md_headings),
];

fn csv_columns_many() -> Vec<u8> {
    let row = "o,".repeat(600_000);
    format!("{row}\n{row}\n").into_bytes()
}

/// Columns with names of 20 KB, and short rows: who writes the names into each row writes gigabytes.
fn csv_header_long() -> Vec<u8> {
    let names = vec!["o".repeat(20_000); 20].join(",");
    format!("{names}\n{}", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20\n".repeat(20_000)).into_bytes()
}

fn csv_quote_unclosed() -> Vec<u8> {
    format!("a,b\n\"{}", "o\",\"\"\n".repeat(800_000)).into_bytes()
}

fn csv_rows_empty() -> Vec<u8> {
    format!("{}\n{}", "o,".repeat(3_000), "\n,\n".repeat(300_000)).into_bytes()
}

fn json_nested() -> Vec<u8> {
    format!("{}{}", "[".repeat(900_000), "]".repeat(900_000)).into_bytes()
}

fn json_nested_objects() -> Vec<u8> {
    format!("{}1{}", "{\"o\":[".repeat(200_000), "]}".repeat(200_000)).into_bytes()
}

fn json_number_long() -> Vec<u8> {
    format!("[1{0}, 1e{0}, -0.{0}1, 1e-{0}]", "0".repeat(1_000_000)).into_bytes()
}

fn json_keys_many() -> Vec<u8> {
    let mut text = String::from("{");
    for n in 0..500_000 {
        let _ = write!(text, "\"o{n}\":{n},");
    }
    (text + "\"o\":\"otter\"}").into_bytes()
}

/// 100 names of 10 KB inside each other, around 20,000 values: who writes the whole path of each writes 20 GB.
fn json_path_long() -> Vec<u8> {
    let open: String = (0..100).map(|n| format!("{{\"{n}{}\":", "o".repeat(10_000))).collect();
    format!("{open}[{}1]{}", "1,".repeat(20_000), "}".repeat(100)).into_bytes()
}

fn txt_one_line() -> Vec<u8> {
    vec![b'o'; 12 << 20]
}

fn txt_spaces() -> Vec<u8> {
    [&b"o"[..], &vec![b' '; 6 << 20], &vec![b'\t'; 2 << 20], &vec![b'\n'; 2 << 20], b"tter"].concat()
}

/// One letter with a million accents.
fn txt_accents() -> Vec<u8> {
    format!("o{}tter", "\u{301}\u{327}".repeat(1_000_000)).into_bytes()
}

/// Faces that are joined to one.
fn txt_joined() -> Vec<u8> {
    format!("{}otter {}", "\u{1f468}\u{200d}".repeat(300_000), "\u{1f1e9}".repeat(300_000)).into_bytes()
}

fn txt_zeros() -> Vec<u8> {
    [&b"otter "[..], &vec![0; 6 << 20]].concat()
}

fn txt_marks_of_order() -> Vec<u8> {
    format!("{}otter{}", "\u{feff}".repeat(300_000), "\u{202e}\u{2066}".repeat(300_000)).into_bytes()
}

fn txt_stops() -> Vec<u8> {
    format!("{}o {}", ".".repeat(3_000_000), ". ".repeat(1_000_000)).into_bytes()
}

fn md_brackets() -> Vec<u8> {
    let line = |piece: &str| piece.repeat(300_000) + "\n\n";
    ["[", "> ", "`", "|", "* ", "![", "<!--", "1. ", "~~~", "\\"].map(line).concat().into_bytes()
}

fn md_headings() -> Vec<u8> {
    (0..200_000).map(|n| format!("{} o{n}\n", "#".repeat(n % 7 + 1))).collect::<String>().into_bytes()
}
