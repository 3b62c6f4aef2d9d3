//! PDF: streams that become large, behind every filter, and in every place where the library decodes one by itself.

use crate::Case;
use crate::pdf::{Objects, deflated, file, flate, packed_file, page, stream};

/// What the streams become: beyond the limit, even a single one.
const LARGE: usize = 60_000_000;

/// Ways to write data down: the filters by name, and the data behind them.
fn chains(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let once = deflated(data);
    vec![
        ("/FlateDecode", once.clone()),
        ("[/FlateDecode]", once.clone()),
        ("[/FlateDecode /FlateDecode]", deflated(&once)),
        ("[/Fl /Fl /Fl]", deflated(&deflated(&once))),
        ("[/ASCIIHexDecode /FlateDecode]", hex(&once)),
        ("[/AHx /AHx /Fl]", hex(&hex(&once))),
        ("[/ASCII85Decode /FlateDecode]", ascii_85(&once)),
        ("[/RunLengthDecode /FlateDecode]", run_length(&once)),
        ("[/Crypt /FlateDecode]", once.clone()),
        ("[/Unknown /FlateDecode]", once.clone()),
        ("[/LZWDecode /FlateDecode]", lzw(&once)),
        ("[/FlateDecode /LZWDecode]", deflated(&lzw(data))),
        ("[/FlateDecode /RunLengthDecode]", deflated(&run_length(data))),
        ("[/FlateDecode /ASCII85Decode]", deflated(&b"z".repeat(data.len() / 4))),
        ("/LZWDecode", lzw(data)),
        ("/RunLengthDecode", run_length(data)),
        ("/FlateDecode /DecodeParms << /Predictor 12 /Columns 60000000 >>", once.clone()),
        (
            "/FlateDecode /DecodeParms << /Predictor 2 /Columns 9223372036854775807 /Colors 255 >>",
            once.clone(),
        ),
        ("/LZWDecode /DecodeParms << /EarlyChange 0 /Predictor 15 /Columns 0 >>", lzw(data)),
    ]
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).chain(*b">").collect()
}

fn ascii_85(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for group in bytes.chunks(4) {
        let mut four = [0; 4];
        four[..group.len()].copy_from_slice(group);
        let mut value = u32::from_be_bytes(four);
        let mut five = [0; 5];
        for digit in five.iter_mut().rev() {
            *digit = b'!' + (value % 85) as u8;
            value /= 85;
        }
        text.extend(&five[..group.len() + 1]);
    }
    text.extend(b"~>");
    text
}

fn run_length(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        let count = rest.iter().take(128).take_while(|byte| *byte == first).count();
        if count > 1 {
            out.extend([(257 - count) as u8, *first]);
        } else {
            out.extend([0, *first]);
        }
        rest = &rest[count..];
    }
    out.push(128);
    out
}

/// Bytes in codes that grow from 9 to 12 bits. Long entries are found for data of few different bytes.
fn lzw(bytes: &[u8]) -> Vec<u8> {
    use std::collections::HashMap;
    let mut entries: HashMap<(usize, u8), usize> = HashMap::new();
    let mut next = 258;
    let (mut bits, mut held, mut out) = (0_u32, 0_u32, Vec::new());
    let mut write = |code: usize, known: usize| {
        let width = match known + 1 {
            2048.. => 12,
            1024.. => 11,
            512.. => 10,
            _ => 9,
        };
        bits = bits << width | code as u32;
        held += width;
        while held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    };
    write(256, 258);
    let mut prefix: Option<usize> = None;
    for byte in bytes {
        let Some(code) = prefix else {
            prefix = Some(usize::from(*byte));
            continue;
        };
        if let Some(known) = entries.get(&(code, *byte)) {
            prefix = Some(*known);
            continue;
        }
        // The reader knows one entry less than the writer.
        write(code, next - 1);
        if next < 4094 {
            entries.insert((code, *byte), next);
            next += 1;
        } else {
            write(256, next);
            entries.clear();
            next = 258;
        }
        prefix = Some(usize::from(*byte));
    }
    if let Some(code) = prefix {
        write(code, next - 1);
    }
    write(257, next);
    write(0, 4000);
    out
}

fn case(name: String, bytes: Vec<u8>) -> Case {
    Case::new(name, "pdf", bytes)
}

/// A page tree some of whose pages lie in object streams.
fn packed(streams: &[(u32, Vec<u8>)], more: Objects) -> Vec<u8> {
    let mut objects = page(b"BT /F 9 Tf (a) Tj ET");
    objects.extend(more);
    let kids: String = streams.iter().map(|(number, _)| format!("{} 0 R ", number + 100)).collect();
    objects.insert(2, format!("<< /Type /Pages /Kids [3 0 R {kids}] >>").into_bytes());
    objects.extend(streams.iter().cloned());
    let packed: Vec<_> = streams.iter().map(|(number, _)| (number + 100, *number)).collect();
    packed_file(&objects, &packed)
}

/// What an object stream with one page holds, and so many spaces.
fn contents(number: u32, length: usize) -> Vec<u8> {
    let mut data = format!("{:<10}<</Type/Page>>", format!("{} 0", number + 100)).into_bytes();
    data.resize(length, b' ');
    data
}

const OBJECT_STREAM: &str = "/Type /ObjStm /N 1 /First 10";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (filter, data) in chains(&contents(20, LARGE)) {
        let dictionary = format!("{OBJECT_STREAM} /Filter {filter}");
        cases.push(case(
            format!("object stream {filter}"),
            packed(&[(20, stream(&dictionary, &data))], Objects::new()),
        ));
    }
    for (filter, data) in chains(&vec![b' '; LARGE]) {
        let content = stream(&format!("/Filter {filter}"), &data);
        cases.push(case(
            format!("content {filter}"),
            file(&[page(b""), Objects::from([(4, content)])].into_iter().flatten().collect()),
        ));
        let font = b"<< /Subtype /Type1 /BaseFont /Courier /ToUnicode 8 0 R >>".to_vec();
        let map = stream(&format!("/Filter {filter}"), &data);
        let more = Objects::from([(5, font), (8, map)]);
        cases.push(case(
            format!("map {filter}"),
            file(&[page(b"BT /F 9 Tf (a) Tj ET"), more].into_iter().flatten().collect()),
        ));
    }
    cases.extend(many_streams());
    cases.extend(hidden_streams());
    cases.extend(tables());
    cases
}

/// Each stream is within its limit, all together are not.
fn many_streams() -> Vec<Case> {
    let streams = |count: u32, length: usize, filters: &str, pack: fn(&[u8]) -> Vec<u8>| {
        let dictionary = format!("{OBJECT_STREAM} /Filter {filters}");
        let streams: Vec<_> =
            (20..20 + count).map(|n| (n, stream(&dictionary, &pack(&contents(n, length))))).collect();
        packed(&streams, Objects::new())
    };
    let numbers = |count: usize| {
        let mut data: String = (0..count).map(|n| format!("{n} {} ", n % 9)).collect();
        data.push_str("1 2 3");
        let dictionary = format!("/Type /ObjStm /N {count} /First {}", data.len() - 5);
        packed(&[(20, flate(&dictionary, data.as_bytes()))], Objects::new())
    };
    vec![
        case("twenty object streams".into(), streams(20, 3_500_000, "/FlateDecode", deflated)),
        case(
            "twenty in hexadecimal".into(),
            streams(20, 3_500_000, "[/AHx /Fl]", |data| hex(&deflated(data))),
        ),
        case("an object stream of many numbers".into(), numbers(400_000)),
        case("an object stream of one large dictionary".into(), {
            let keys: String = (0..250_000).map(|n| format!("/k{n} 1")).collect();
            let data = format!("{:<10}<</Type/Page{keys}>>", "120 0");
            packed(&[(20, flate(OBJECT_STREAM, data.as_bytes()))], Objects::new())
        }),
    ]
}

/// Streams whose filters, length or type stand somewhere else, or cannot be seen in the file.
fn hidden_streams() -> Vec<Case> {
    let twice = deflated(&deflated(&contents(20, LARGE)));
    let large = |dictionary: &str| stream(&format!("{OBJECT_STREAM} {dictionary}"), &twice);
    let one = |name: &str, object: Vec<u8>, more: Objects| case(name.into(), packed(&[(20, object)], more));
    let filters = b"[/FlateDecode /FlateDecode]".to_vec();
    let mut cases = vec![
        one("filters by reference", large("/Filter 8 0 R"), Objects::from([(8, filters.clone())])),
        one(
            "each filter by reference",
            large("/Filter [8 0 R 8 0 R]"),
            Objects::from([(8, b"/FlateDecode".to_vec())]),
        ),
        one("filters under their short key", large("/F [/Fl /Fl]"), Objects::new()),
        one(
            "filters behind a comment",
            large("/Filter /FlateDecode %<< /Type /X\n /F [/Fl /Fl]"),
            Objects::new(),
        ),
        one("a type that is escaped", large("/Filter [/Fl /Fl]"), Objects::new()),
    ];
    for kind in ["/Obj#53tm", "/#4f#62#6a#53#74#6d", "9 0 R"] {
        let object = stream(&format!("/Type {kind} /N 1 /First 10 /Filter [/Fl /Fl]"), &twice);
        let bytes = packed(&[(20, object)], Objects::from([(9, b"/ObjStm".to_vec())]));
        cases.push(case(format!("type {kind}"), bytes.clone()));
        // Without a table the whole file is scanned for such types.
        let end = bytes.windows(9).rposition(|window| window == b"startxref").unwrap();
        cases.push(case(format!("type {kind}, no table"), bytes[..end].to_vec()));
    }
    // The data holds the word that ends it, in a block that is not compressed.
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut encoder, &contents(20, 40)).unwrap();
    std::io::Write::write_all(&mut encoder, b" % endstream \n").unwrap();
    std::io::Write::flush(&mut encoder).unwrap();
    let mut data = encoder.get_ref().clone();
    let mut rest = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut rest, &vec![b' '; LARGE]).unwrap();
    data.extend(rest.finish().unwrap());
    let object = stream(&format!("{OBJECT_STREAM} /Filter /FlateDecode"), &data);
    cases.push(one("an end within the data", object, Objects::new()));
    let object = [
        format!("<< {OBJECT_STREAM} /Filter /FlateDecode /Length 8 0 R >>\nstream\n").as_bytes(),
        &data,
        b"\nendstream",
    ]
    .concat();
    let length = Objects::from([(8, data.len().to_string().into_bytes())]);
    cases.push(one("a length by reference", object, length));
    let object = [
        format!("<< {OBJECT_STREAM} /Filter /FlateDecode /Length 5 >>\nstream\n").as_bytes(),
        &deflated(&contents(20, LARGE)),
        b"\nendstream",
    ]
    .concat();
    cases.push(one("a wrong length", object, Objects::new()));
    // An object stream that is called nothing of the kind.
    let object = stream("/Subtype /Image /N 1 /First 10 /Filter [/Fl /Fl]", &twice);
    cases.push(one("a picture that holds objects", object, Objects::new()));
    cases
}

/// Tables of objects that become large.
fn tables() -> Vec<Case> {
    let table = |dictionary: &str, data: &[u8]| {
        let mut bytes = file(&page(b""));
        let start = bytes.len();
        bytes.extend(b"9000 0 obj\n");
        bytes.extend(stream(&format!("/Type /XRef /Root 1 0 R {dictionary}"), data));
        bytes.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF").bytes());
        bytes
    };
    let mut cases = Vec::new();
    for (filter, data) in chains(&vec![9; LARGE]) {
        let dictionary = format!("/Size {LARGE} /W [0 1 0] /Filter {filter}");
        cases.push(case(format!("table {filter}"), table(&dictionary, &data)));
    }
    let small = deflated(&vec![9; 4_000_000]);
    cases.extend([
        case(
            "a table of many entries".into(),
            table("/Size 4000000 /W [0 1 0] /Filter /FlateDecode", &small),
        ),
        case(
            "a table of all numbers".into(),
            table("/Size 4294967295 /W [0 1 0] /Filter /FlateDecode", &small),
        ),
        case("a table of many ranges".into(), {
            let index = "4294967294 1 ".repeat(300_000);
            table(&format!("/Size 9 /Index [{index}] /W [0 1 0] /Filter /FlateDecode"), &small)
        }),
        case("a table of empty ranges".into(), {
            table(
                &format!("/Size 9 /Index [{}] /W [0 1 0] /Filter /FlateDecode", "1 0 ".repeat(1_000_000)),
                &small,
            )
        }),
        case("a table of wide rows".into(), table("/Size 9 /W [255 8 255] /Filter /FlateDecode", &small)),
        case("a plain table of many lines".into(), {
            let mut bytes = file(&page(b""));
            let start = bytes.len();
            bytes.extend(b"xref\n0 300000\n");
            bytes.extend(b"0000000009 00000 n \n".repeat(300_000));
            bytes.extend(format!("trailer << /Root 1 0 R >>\nstartxref\n{start}\n%%EOF").bytes());
            bytes
        }),
    ]);
    cases
}
