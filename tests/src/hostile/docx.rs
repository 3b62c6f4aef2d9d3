//! Word files: parts that expand, and parts that are used again and again.

use super::Make;
use super::zip::{Part, archive, named_often};

pub const FILES: [(&str, Make); 13] = [
    ("text-expands", text_expands),
    ("link-used-often", link_used_often),
    ("note-used-often", note_used_often),
    ("nested-controls", nested_controls),
    ("nested-tables", nested_tables),
    ("nested-alternatives", nested_alternatives),
    ("cells-span", cells_span),
    ("lists-deep", lists_deep),
    ("styles-in-a-circle", styles_in_a_circle),
    ("entities", entities),
    ("attributes-many", attributes_many),
    ("text-unclosed", text_unclosed),
    ("tabs", tabs),
];

pub const ARCHIVES: [(&str, Make); 9] = [
    ("archive-in-archive", archive_in_archive),
    ("part-named-often", part_named_often),
    ("parts-many", parts_many),
    ("size-lies", size_lies),
    ("offset-lies", offset_lies),
    ("part-is-directory", part_is_directory),
    ("relations-in-a-circle", relations_in_a_circle),
    ("relations-many", relations_many),
    ("cut-off", cut_off),
];

const WORD: &str = "word/document.xml";
const NAMESPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
    xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\"";
const OF_OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn before() -> String {
    format!("<?xml version=\"1.0\"?><w:document {NAMESPACES}><w:body>")
}

const AFTER: &str = "</w:body></w:document>";

fn relations(rows: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{rows}</Relationships>")
        .into_bytes()
}

/// The parts that every such file has, around `document`.
fn with(document: Part, mut more: Vec<Part>) -> Vec<Part> {
    let types = "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
        <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
        <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>\
        </Types>";
    let root =
        relations(&format!("<Relationship Id=\"d\" Type=\"{OF_OFFICE}/officeDocument\" Target=\"{WORD}\"/>"));
    let mut parts =
        vec![Part::new("[Content_Types].xml", types.as_bytes()), Part::new("_rels/.rels", &root), document];
    parts.append(&mut more);
    parts
}

/// A document with this body, and a comment that does not compress: what is refused for its ratio alone tries nothing else.
fn document(body: &str) -> Part {
    let noise = noise(body.len() / 100);
    Part::new(WORD, format!("{}{body}<!--{noise}-->{AFTER}", before()).as_bytes())
}

/// So many digits in no order, the same each time.
fn noise(length: usize) -> String {
    let mut state = 1_u64;
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{:08x}", state >> 32));
    }
    text
}

fn file(body: &str) -> Vec<u8> {
    archive(&with(document(body), vec![]))
}

fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

/// Half a gigabyte of one paragraph.
fn text_expands() -> Vec<u8> {
    let head = before() + "<w:p><w:r><w:t>";
    let part = Part::between(
        WORD,
        head.as_bytes(),
        &vec![b'o'; 1 << 20],
        512,
        format!("</w:t></w:r></w:p>{AFTER}").as_bytes(),
    );
    archive(&with(part, vec![]))
}

/// One address of 150 KB that 40,000 links lead to.
fn link_used_often() -> Vec<u8> {
    let rows = format!(
        "<Relationship Id=\"k\" Type=\"{OF_OFFICE}/hyperlink\" TargetMode=\"External\" Target=\"https://otter.example/{}\"/>",
        "o".repeat(150_000)
    );
    let links = "<w:p><w:hyperlink r:id=\"k\"><w:r><w:t>o</w:t></w:r></w:hyperlink></w:p>".repeat(40_000);
    archive(&with(document(&links), vec![Part::new("word/_rels/document.xml.rels", &relations(&rows))]))
}

/// A footnote of 100 KB that is referred to 50,000 times.
fn note_used_often() -> Vec<u8> {
    let note = format!(
        "<?xml version=\"1.0\"?><w:footnotes {NAMESPACES}><w:footnote w:id=\"2\">{}</w:footnote></w:footnotes>",
        paragraph(&"o".repeat(100_000))
    );
    let rows = format!("<Relationship Id=\"n\" Type=\"{OF_OFFICE}/footnotes\" Target=\"footnotes.xml\"/>");
    let body = "<w:p><w:r><w:t>o</w:t><w:footnoteReference w:id=\"2\"/></w:r></w:p>".repeat(50_000);
    archive(&with(
        document(&body),
        vec![
            Part::new("word/_rels/document.xml.rels", &relations(&rows)),
            Part::new("word/footnotes.xml", note.as_bytes()),
        ],
    ))
}

fn nested_in(open: &str, close: &str, times: usize) -> Vec<u8> {
    file(&format!("{}{}{}{}", paragraph("otter"), open.repeat(times), paragraph("deep"), close.repeat(times)))
}

fn nested_controls() -> Vec<u8> {
    nested_in("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>", 300_000)
}

fn nested_tables() -> Vec<u8> {
    nested_in("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", 60_000)
}

fn nested_alternatives() -> Vec<u8> {
    nested_in(
        "<mc:AlternateContent><mc:Choice Requires=\"o\"><w:p><w:r>",
        "</w:r></w:p></mc:Choice></mc:AlternateContent>",
        60_000,
    )
}

fn cells_span() -> Vec<u8> {
    let cell = format!(
        "<w:tc><w:tcPr><w:gridSpan w:val=\"2147483647\"/><w:vMerge/></w:tcPr>{}</w:tc>",
        paragraph("o")
    );
    file(&format!("<w:tbl>{}</w:tbl>", format!("<w:tr>{}</w:tr>", cell.repeat(30)).repeat(2000)))
}

fn lists_deep() -> Vec<u8> {
    let item = "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"4294967295\"/><w:numId w:val=\"1\"/></w:numPr><w:outlineLvl w:val=\"2147483647\"/>\
        <w:ind w:left=\"2147483647\"/></w:pPr><w:r><w:t>o</w:t></w:r></w:p>";
    file(&item.repeat(20_000))
}

fn styles_in_a_circle() -> Vec<u8> {
    let style = |id: usize| {
        format!(
            "<w:style w:styleId=\"S{id}\"><w:basedOn w:val=\"S{}\"/><w:link w:val=\"S{id}\"/></w:style>",
            (id + 1) % 1000
        )
    };
    let styles = format!(
        "<?xml version=\"1.0\"?><w:styles {NAMESPACES}>{}</w:styles>",
        (0..1000).map(style).collect::<String>()
    );
    let body = "<w:p><w:pPr><w:pStyle w:val=\"S7\"/></w:pPr><w:r><w:t>o</w:t></w:r></w:p>".repeat(5_000);
    let rows = format!("<Relationship Id=\"s\" Type=\"{OF_OFFICE}/styles\" Target=\"styles.xml\"/>");
    archive(&with(
        document(&body),
        vec![
            Part::new("word/_rels/document.xml.rels", &relations(&rows)),
            Part::new("word/styles.xml", styles.as_bytes()),
        ],
    ))
}

/// Names that stand for names that stand for names, and one for a file of the machine.
fn entities() -> Vec<u8> {
    let names: String =
        (1..14).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(8))).collect();
    let text = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE o [<!ENTITY e0 \"otter\">{names}<!ENTITY own SYSTEM \"file:///etc/hostname\">]>\
         <w:document {NAMESPACES}><w:body>{}</w:body></w:document>",
        paragraph("&e13;&own;")
    );
    archive(&with(Part::new(WORD, text.as_bytes()), vec![]))
}

fn attributes_many() -> Vec<u8> {
    let attributes: String = (0..300_000).map(|n| format!(" w:a{n}=\"o\"")).collect();
    file(&format!("<w:p{attributes}><w:r><w:t>otter</w:t></w:r></w:p>"))
}

fn text_unclosed() -> Vec<u8> {
    archive(&with(
        Part::new(WORD, format!("{}{}", before(), "<w:p><w:r><w:t>o".repeat(200_000)).as_bytes()),
        vec![],
    ))
}

fn tabs() -> Vec<u8> {
    file(&format!("<w:p><w:r>{}</w:r></w:p>", "<w:tab/><w:br/><w:noBreakHyphen/>".repeat(300_000)))
}

fn archive_in_archive() -> Vec<u8> {
    let mut inner = file(&paragraph("otter"));
    for depth in 0..6 {
        let copies: Vec<Part> = (0..10).map(|n| Part::new(&format!("{depth}-{n}.docx"), &inner)).collect();
        inner = archive(&copies);
    }
    archive(&with(document(&paragraph("otter")), vec![Part::new("word/embeddings/o.docx", &inner)]))
}

fn part_named_often() -> Vec<u8> {
    named_often(&Part::repeated(WORD, &vec![b' '; 1 << 20], 64), 60_000)
}

fn parts_many() -> Vec<u8> {
    let small = Part::new("", b"<o/>");
    let more = (0..30_000).map(|n| Part { name: format!("word/o{n}.xml"), ..small.clone() }).collect();
    archive(&with(document(&paragraph("otter")), more))
}

/// Says one byte and unpacks to a gigabyte.
fn size_lies() -> Vec<u8> {
    let part = Part { size: 1, crc: 0, ..Part::repeated(WORD, &vec![b'<'; 1 << 20], 1024) };
    archive(&with(part, vec![]))
}

fn offset_lies() -> Vec<u8> {
    let mut bytes = file(&paragraph("otter"));
    let at = bytes.len() - 6;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes
}

fn part_is_directory() -> Vec<u8> {
    archive(&with(
        Part::new("word/document.xml/", b""),
        vec![Part::new("../../etc/passwd", b"otter"), Part::new("/word\\document.xml", b"o")],
    ))
}

fn relations_in_a_circle() -> Vec<u8> {
    let rows = format!(
        "<Relationship Id=\"d\" Type=\"{OF_OFFICE}/officeDocument\" Target=\"../../_rels/.rels\"/><Relationship Id=\"e\" Type=\"{OF_OFFICE}/header\" Target=\"document.xml\"/>"
    );
    archive(&with(
        document(&paragraph("otter")),
        vec![Part::new("word/_rels/document.xml.rels", &relations(&rows))],
    ))
}

fn relations_many() -> Vec<u8> {
    let rows: String = (0..200_000)
        .map(|n| format!("<Relationship Id=\"k{n}\" Type=\"{OF_OFFICE}/hyperlink\" Target=\"o\"/>"))
        .collect();
    let links = "<w:hyperlink r:id=\"k199999\"><w:r><w:t>o</w:t></w:r></w:hyperlink>".repeat(20_000);
    archive(&with(
        document(&format!("<w:p>{links}</w:p>")),
        vec![Part::new("word/_rels/document.xml.rels", &relations(&rows))],
    ))
}

fn cut_off() -> Vec<u8> {
    let mut bytes = text_expands();
    bytes.truncate(bytes.len() / 2);
    bytes
}
