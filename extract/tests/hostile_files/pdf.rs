//! PDF: tables that are expanded as declared, and drawing without end.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::Case;

/// Objects by their numbers. Number 1 is the root.
pub(crate) type Objects = BTreeMap<u32, Vec<u8>>;

pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    [format!("<< {dictionary} /Length {} >>\nstream\n", data.len()).as_bytes(), data, b"\nendstream"].concat()
}

pub(crate) fn flate(dictionary: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("/Filter /FlateDecode {dictionary}"), &deflated(data))
}

/// One page that shows `content` with the font F (object 5) and the form X (object 6).
pub(crate) fn page(content: &[u8]) -> Objects {
    let page = "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> \
                /Properties << /P 7 0 R >> >> >>";
    BTreeMap::from([
        (1, b"<< /Type /Catalog /Pages 2 0 R >>".to_vec()),
        (2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec()),
        (3, page.as_bytes().to_vec()),
        (4, flate("", content)),
        (5, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec()),
    ])
}

/// Writes objects with a table of their places.
pub(crate) fn file(objects: &Objects) -> Vec<u8> {
    let (mut bytes, places) = body(objects);
    let start = bytes.len();
    let size = objects.keys().max().unwrap() + 1;
    bytes.extend(format!("xref\n0 {size}\n").bytes());
    for number in 0..size {
        match places.get(&number) {
            Some(place) => bytes.extend(format!("{place:010} 00000 n \n").bytes()),
            None => bytes.extend(b"0000000000 65535 f \n"),
        }
    }
    bytes.extend(format!("trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF").bytes());
    bytes
}

fn body(objects: &Objects) -> (Vec<u8>, BTreeMap<u32, usize>) {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = BTreeMap::new();
    for (number, object) in objects {
        places.insert(*number, bytes.len());
        bytes.extend(format!("{number} 0 obj\n").bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    (bytes, places)
}

/// Writes objects, of which some lie in object streams, with a cross-reference stream. `packed` says which objects are in
/// which stream.
pub(crate) fn packed_file(objects: &Objects, packed: &[(u32, u32)]) -> Vec<u8> {
    let (mut bytes, places) = body(objects);
    let start = bytes.len();
    let number = 9000;
    let mut rows = Vec::new();
    let mut index = String::new();
    let mut row = |number: u32, kind: u8, place: u32, at: u16| {
        index.push_str(&format!("{number} 1 "));
        rows.push(kind);
        rows.extend(place.to_be_bytes());
        rows.extend(at.to_be_bytes());
    };
    for (number, place) in &places {
        row(*number, 1, *place as u32, 0);
    }
    for (number, stream) in packed {
        row(*number, 2, *stream, 0);
    }
    let dictionary = format!("/Type /XRef /Size 9001 /W [1 4 2] /Index [{index}] /Root 1 0 R");
    bytes.extend(format!("{number} 0 obj\n").bytes());
    bytes.extend(flate(&dictionary, &rows));
    bytes.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF").bytes());
    bytes
}

/// A document whose pages lie in an object stream, as most programs write it today.
pub(crate) fn ordinary() -> Vec<u8> {
    let mut objects = page(b"BT /F 12 Tf (In a stream) Tj ET");
    let pages = objects.remove(&2).unwrap();
    objects.insert(8, flate("/Type /ObjStm /N 1 /First 4", &[b"2 0 ".as_slice(), &pages].concat()));
    packed_file(&objects, &[(2, 8)])
}

fn with(mut objects: Objects, more: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Vec<u8> {
    objects.extend(more);
    file(&objects)
}

fn pdf(name: impl Into<String>, bytes: Vec<u8>) -> Case {
    Case::new(name, "pdf", bytes)
}

pub(crate) fn cases() -> Vec<Case> {
    [fonts(), maps(), drawing(), structure()].into_iter().flatten().collect()
}

fn fonts() -> Vec<Case> {
    let shown = page(b"BT /F 12 Tf 9 9 Td (AB) Tj ET");
    let simple = |numbers: &str| {
        format!(
            "<< /Type /Font /Subtype /TrueType /BaseFont /Q {numbers} /FontDescriptor << /Type /FontDescriptor >> >>"
        )
    };
    let composite = |numbers: &str| {
        format!(
            "<< /Type /Font /Subtype /Type0 /BaseFont /Q /Encoding /Identity-H \
             /DescendantFonts [<< /Subtype /CIDFontType2 /BaseFont /Q {numbers} >>] >>"
        )
    };
    let mut cases = Vec::new();
    let mut add = |what: &str, font: String| {
        cases.push(pdf(what, with(shown.clone(), [(5, font.into_bytes())])));
    };
    for first in ["255000000", "3999999999", "18446744073709551615"] {
        add("first character", simple(&format!("/FirstChar {first} /LastChar {first} /Widths [7]")));
        let drawn = format!("/FirstChar {first} /LastChar {first} /Widths [7] /FontMatrix [1 0 0 1 0 0]");
        add("first character of drawings", simple(&drawn).replace("TrueType", "Type3"));
        add("first character, Type 1", simple(&drawn).replace("TrueType", "Type1"));
    }
    for widths in [
        "/W [0 4294967295 1]",
        "/W [7 [1 2] 0 400000000 1]",
        "/W [0 99999 1 0 99999 1 0 99999 1 0 4000000000 1]",
        "/W2 [0 4294967295 1 2 3]",
        "/W2 [1 [1 2 3] 0 900000000 1 2 3]",
    ] {
        add(widths, composite(widths));
    }
    add(
        "a long list of widths",
        simple(&format!("/FirstChar 0 /LastChar 99999999 /Widths [{}]", "1 ".repeat(2_000_000))),
    );
    let names: String = (0..300_000).map(|n| format!("/n{n} 9 0 R ")).collect();
    add("many drawings", format!("<< /Type /Font /Subtype /Type3 /CharProcs << {names} >> >>"));
    let many: String = (100..30_000).map(|n| format!("/G{n} 5 0 R ")).collect();
    let content: String = (100..30_000).map(|n| format!("/G{n} 9 Tf (a) Tj ")).collect();
    let mut objects = page(content.as_bytes());
    objects.insert(
        3,
        format!("<< /Type /Page /Contents 4 0 R /Resources << /Font << {many} >> >> >>").into_bytes(),
    );
    cases.push(pdf("one font under many names", file(&objects)));
    let many: String = (100..30_000).map(|n| format!("/G{n} {n} 0 R ")).collect();
    objects.insert(
        3,
        format!("<< /Type /Page /Contents 4 0 R /Resources << /Font << {many} >> >> >>").into_bytes(),
    );
    objects.extend(
        (100..30_000)
            .map(|n| (n, b"<< /Subtype /Type1 /BaseFont /Courier /FirstChar 200 /Widths [1] >>".to_vec())),
    );
    cases.push(pdf("many fonts", file(&objects)));
    cases
}

fn maps() -> Vec<Case> {
    let shown = page(b"BT /F 12 Tf 9 9 Td (AB) Tj ET");
    let head = "begincmap 1 beginbfchar\n";
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 8 0 R >>";
    let mapped = |map: &[u8]| with(shown.clone(), [(5, font.into()), (8, flate("", map))]);
    let mut cases = vec![
        pdf("a map of small entries", mapped(format!("{head}{}", "<1><1>".repeat(3_000_000)).as_bytes())),
        pdf(
            "a map of ranges",
            mapped(format!("begincmap 1 beginbfrange\n{}", "<1><2><3>".repeat(2_000_000)).as_bytes()),
        ),
        pdf("a map of a long range", mapped(b"begincmap 1 beginbfrange <0><ffffffff>[<41><42>] endbfrange")),
        pdf(
            "a map of codes",
            mapped(format!("begincmap 1 begincidrange\n{}", "<1><2>3 ".repeat(2_000_000)).as_bytes()),
        ),
        pdf(
            "a map of code spaces",
            mapped(format!("1 begincodespacerange\n{}", "<1><2>".repeat(3_000_000)).as_bytes()),
        ),
        pdf("a map that never ends", mapped(&b"<".repeat(20_000_000))),
    ];
    // Each letter stands for a long text, and content is full of letters.
    let text = format!("{head}<41><{}> endbfchar", "0042".repeat(400_000));
    let mut objects = page(format!("BT /F 12 Tf ({}) Tj ET", "A".repeat(1_000_000)).as_bytes());
    objects.insert(5, font.into());
    objects.insert(8, flate("", text.as_bytes()));
    cases.push(pdf("a letter that is a long text", file(&objects)));
    // The same for the map by which codes are told apart, which is asked for every letter.
    let composite = "<< /Type /Font /Subtype /Type0 /BaseFont /Q /Encoding 8 0 R /DescendantFonts [<< >>] >>";
    objects.insert(5, composite.into());
    cases.push(pdf("a code that is a long text", file(&objects)));
    let codes: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_be_bytes).collect();
    let hex: String = codes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut objects = page(format!("BT /F 12 Tf <{hex}> Tj ET").as_bytes());
    objects.insert(5, composite.into());
    objects.insert(8, flate("", b"1 begincidrange <00000000> <ffffffff> 0 endcidrange"));
    cases.push(pdf("every code once", file(&objects)));
    // Fonts that share one map, each of which parses it for itself.
    let names: String = (100..400).map(|n| format!("/G{n} {n} 0 R ")).collect();
    let content: String = (100..400).map(|n| format!("BT /G{n} 9 Tf (a) Tj ET ")).collect();
    let mut objects = page(content.as_bytes());
    objects.insert(
        3,
        format!("<< /Type /Page /Contents 4 0 R /Resources << /Font << {names} >> >> >>").into_bytes(),
    );
    objects.insert(8, flate("", format!("{head}{}", "<1><1>".repeat(600_000)).as_bytes()));
    objects.extend((100..400).map(|n| (n, font.into())));
    cases.push(pdf("fonts that share a map", file(&objects)));
    let glyphs = "<< /Type /Font /Subtype /Type0 /BaseFont /Q /Encoding /Identity-H \
                  /DescendantFonts [<< /Subtype /CIDFontType2 /CIDToGIDMap 8 0 R >>] >>";
    let map = flate("", &vec![0; 30_000_000]);
    cases.push(pdf("a map of glyphs", with(shown.clone(), [(5, glyphs.into()), (8, map)])));
    let program = "<< /Type /Font /Subtype /TrueType /FontDescriptor << /FontFile2 8 0 R >> >>";
    let font_file = flate("/Length1 9", &vec![0; 30_000_000]);
    cases.push(pdf("a program of zeros", with(shown, [(5, program.into()), (8, font_file)])));
    cases
}

fn drawing() -> Vec<Case> {
    let form =
        |data: &[u8]| flate("/Type /XObject /Subtype /Form /Resources << /Font << /F 5 0 R >> >>", data);
    let unknown: Vec<u8> = b"<< /Type /Font /Subtype /Nothing >>".to_vec();
    let draws = "/X Do ".repeat(50_000);
    let mut cases = Vec::new();
    for (what, content) in [
        ("letters that no font can name", format!("BT /F 9 Tf ({}) Tj ET", "\u{1}".repeat(300_000))),
        ("comments", format!("%{}\n", "x".repeat(1_000_000))),
        ("spaces", " ".repeat(1_000_000)),
        ("numbers", "1 ".repeat(500_000)),
        ("one long name", format!("/{} q", "n".repeat(1_000_000))),
        ("a long list", format!("BT /F 9 Tf [{}] TJ ET", "1 ".repeat(500_000))),
        ("nothing", String::new()),
    ] {
        let objects = page(draws.as_bytes());
        cases.push(pdf(
            format!("a form drawn again: {what}"),
            with(objects, [(5, unknown.clone()), (6, form(content.as_bytes()))]),
        ));
    }
    let big: String = (0..100_000).map(|n| format!("/R{n} 9 0 R ")).collect();
    let resources =
        "/Type /XObject /Subtype /Form /Resources << /Font 8 0 R /XObject 8 0 R /Properties 8 0 R >>";
    let form = flate(resources, b"BT /F 9 Tf (a) Tj ET");
    let more = [(6, form), (8, format!("<< /F 5 0 R {big} >>").into_bytes())];
    cases.push(pdf("a form with large resources, drawn again", with(page(draws.as_bytes()), more.clone())));
    let form = flate("/Type /XObject /Subtype /Form /Matrix 8 0 R", b"BT ET");
    let matrix = format!("[{}]", "1 ".repeat(1_000_000)).into_bytes();
    cases.push(pdf("a form with a large matrix", with(page(draws.as_bytes()), [(6, form), (8, matrix)])));
    let show = |content: String| file(&page(content.as_bytes()));
    cases.extend([
        pdf(
            "one letter a line",
            show(format!(
                "BT /F 9 Tf {} ET",
                "1 0 0 1 0 9 Tm (a) Tj 1 0 0 1 0 99 Tm (b) Tj ".repeat(200_000)
            )),
        ),
        pdf("one letter a column", show(format!("BT /F 9 Tf [{}] TJ ET", "(a)-9999".repeat(1_000_000)))),
        pdf(
            "marks without end",
            show(format!("{} BT /F 9 Tf ({}) Tj ET", "/A BMC ".repeat(1_000_000), "a".repeat(500_000))),
        ),
        pdf("saved states", show("q ".repeat(3_000_000))),
        pdf("a long string", show(format!("BT /F 9 Tf ({}", "a".repeat(20_000_000)))),
        pdf("a long line from right to left", {
            let map = b"begincmap 1 beginbfchar <61> <05d0> endbfchar";
            let font = b"<< /Subtype /Type1 /BaseFont /Courier /ToUnicode 8 0 R >>".to_vec();
            let content = format!("BT /F 9 Tf ({}) Tj ET", "a".repeat(1_500_000));
            with(page(content.as_bytes()), [(5, font), (8, flate("", map))])
        }),
    ]);
    let says = format!("<< /ActualText ({}) >>", "said ".repeat(100_000)).into_bytes();
    let marks = "/Span /P BDC BT /F 9 Tf (a) Tj ET EMC ".repeat(20_000);
    cases.push(pdf("a long text said again", with(page(marks.as_bytes()), [(7, says.clone())])));
    let open = "/Span /P BDC ".repeat(20_000);
    cases.push(pdf("a long text said within itself", with(page(open.as_bytes()), [(7, says)])));
    let notes = format!("[{}]", "8 0 R ".repeat(500_000));
    let mut objects = page(b"BT /F 9 Tf (a) Tj ET");
    objects.insert(
        3,
        format!("<< /Type /Page /Contents 4 0 R /Annots {notes} /Resources << /Font << /F 5 0 R >> >> >>")
            .into(),
    );
    objects.insert(
        8,
        format!("<< /Subtype /Widget /Rect [0 0 9 9] /AP << /N 6 0 R >> /Junk [{}] >>", "1 ".repeat(50_000))
            .into(),
    );
    objects.insert(6, flate("/Subtype /Form /BBox [0 0 9 9]", b"BT /F 9 Tf (field) Tj ET"));
    cases.push(pdf("one note many times", file(&objects)));
    objects.insert(3, format!("<< /Type /Page /Contents [{}] >>", "4 0 R ".repeat(500_000)).into());
    objects.insert(4, flate("", &vec![b' '; 1_000_000]));
    cases.push(pdf("one content many times", file(&objects)));
    cases
}

fn structure() -> Vec<Case> {
    let mut cases = Vec::new();
    let kids = |kids: String| {
        with(page(b""), [(2, format!("<< /Type /Pages /Kids [{kids}] /Count 1 >>").into_bytes())])
    };
    cases.extend([
        pdf("pages that stand in their list", kids("<<>>".repeat(1_500_000))),
        pdf(
            "pages within each other",
            kids(format!("{}<<>>{}", "<</Type/Pages/Kids[".repeat(200), "]>>".repeat(200))),
        ),
        pdf("pages that share their resources", {
            let big: String = (0..100_000).map(|n| format!("/R{n} 9 0 R ")).collect();
            let page_of = b"<< /Type /Page /Resources 8 0 R >>".to_vec();
            let kids: String = (100..5000).map(|n| format!("{n} 0 R ")).collect();
            let mut objects = page(b"");
            objects.insert(2, format!("<< /Type /Pages /Kids [{kids}] >>").into_bytes());
            objects.insert(8, format!("<< /Font << {big} >> >>").into_bytes());
            objects.extend((100..5000).map(|n| (n, page_of.clone())));
            file(&objects)
        }),
        pdf("a dictionary of many keys", {
            let keys: String = (0..900_000).map(|n| format!("/k{n} 1")).collect();
            with(page(b""), [(3, format!("<< /Type /Page {keys} >>").into_bytes())])
        }),
        pdf("many objects", with(page(b""), (100..200_000).map(|n| (n, b"[]".to_vec())))),
        pdf("objects that share their bytes", {
            let headers: String = (10..40_000).map(|n| format!("{n} 0 obj %")).collect();
            let mut bytes = file(&page(b""));
            bytes.extend(format!("\n{headers}\n<< /A [{}] >>", "1 ".repeat(500_000)).bytes());
            bytes.extend(b"\nstartxref\n0\n%%EOF");
            bytes
        }),
        pdf(
            "brackets within brackets",
            with(page(b""), [(8, [b"[".repeat(500_000), b"]".repeat(500_000)].concat())]),
        ),
        pdf("brackets in content", file(&page(&[b"[".repeat(500_000), b"]".repeat(500_000)].concat()))),
        pdf("a table that goes back to itself", {
            let text = String::from_utf8_lossy(&file(&page(b""))).into_owned();
            let start = text.rfind("xref\n0").unwrap_or(0);
            text.replace("/Root 1 0 R", &format!("/Root 1 0 R /Prev {start}")).into_bytes()
        }),
    ]);
    cases
}
