//! Word documents: what is said once and written often.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::Case;

fn docx(name: &str, body: &str, parts: &[(&str, String)]) -> Case {
    let document = format!("<w:document><w:body>{body}</w:body></w:document>");
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let main = [("word/document.xml", document)];
    for (part, text) in main.iter().chain(parts) {
        let file = archive.new_file(*part).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let mut data = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
        data.write_all(text.as_bytes()).unwrap();
        let (encoder, descriptor) = data.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    Case::new(name, "docx", archive.finish().unwrap())
}

/// Text that does not compress, so that the ratio stays below its limit.
fn noise(bytes: usize) -> String {
    let mut state = 7_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state % 26) as u8)
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

pub(crate) fn cases() -> Vec<Case> {
    let relation = |target: &str| {
        format!(
            "<Relationships><Relationship Id=\"L\" Type=\"t/hyperlink\" TargetMode=\"External\" Target=\"{target}\"/>\
             <Relationship Id=\"S\" Type=\"t/styles\" Target=\"styles.xml\"/>\
             <Relationship Id=\"N\" Type=\"t/numbering\" Target=\"numbering.xml\"/></Relationships>"
        )
    };
    let rels = |target: &str| vec![("word/_rels/document.xml.rels", relation(target))];
    let long = format!("http://e.example/{}", noise(50_000));
    let link = "<w:hyperlink r:id=\"L\"><w:r><w:t>a</w:t></w:r></w:hyperlink> ";
    let filler = p(&noise(60_000));
    let cell = "<w:tc><w:tcPr><w:gridSpan w:val=\"63\"/></w:tcPr><w:p/></w:tc>";
    let lines = format!(
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"8\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r>{}</w:r></w:p>",
        "<w:t>a</w:t><w:br/>".repeat(200_000)
    );
    let text_box = "<w:txbxContent><w:p><w:r><w:t>x</w:t></w:r></w:p></w:txbxContent>";
    let style = format!(
        "<w:styles><w:style w:styleId=\"S\"><w:name w:val=\"{}\"/></w:style></w:styles>",
        noise(500_000)
    );
    let styled = "<w:p><w:pPr><w:pStyle w:val=\"S\"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>".repeat(20_000);
    let many_styles: String = (0..20_000).map(|n| format!("<w:style w:styleId=\"{n}\"/>")).collect();
    let with_style = |style: String| [rels("x"), vec![("word/styles.xml", style)]].concat();
    vec![
        docx(
            "a long link in one paragraph",
            &format!("{filler}<w:p>{}</w:p>", link.repeat(20_000)),
            &rels(&long),
        ),
        docx(
            "a long link in many",
            &format!("{filler}{}", format!("<w:p>{link}</w:p>").repeat(20_000)),
            &rels(&long),
        ),
        docx(
            "a long link in cells",
            &format!(
                "{filler}<w:tbl><w:tr>{}</w:tr></w:tbl>",
                format!("<w:tc><w:p>{link}</w:p></w:tc>").repeat(20_000)
            ),
            &rels(&long),
        ),
        docx(
            "a long link in a text box",
            &format!(
                "{filler}<w:p><w:txbxContent>{}</w:txbxContent></w:p>",
                format!("<w:p>{link}</w:p>").repeat(20_000)
            ),
            &rels(&long),
        ),
        docx(
            "a long link that cannot be written",
            &format!("{filler}<w:p>{}</w:p>", link.repeat(40_000)),
            &rels(&format!("{long})")),
        ),
        docx(
            "links within links",
            &format!("{filler}<w:p>{}a", "<w:hyperlink r:id=\"L\"><w:r><w:t>a</w:t></w:r>".repeat(200)),
            &rels(&long),
        ),
        docx(
            "wide cells",
            &format!(
                "{filler}{filler}<w:tbl>{}</w:tbl>",
                format!("<w:tr>{}</w:tr>", cell.repeat(60)).repeat(2000)
            ),
            &[],
        ),
        docx("lines in a list", &format!("{filler}{lines}"), &[]),
        docx(
            "many empty rows",
            &format!("{filler}{filler}<w:tbl>{}</w:tbl>", "<w:tr/>".repeat(900_000)),
            &[],
        ),
        docx("many text boxes", &format!("{filler}<w:p>{}</w:p>", text_box.repeat(150_000)), &[]),
        docx("text boxes within each other", &"<w:p><w:txbxContent>".repeat(100_000), &[]),
        docx("controls within each other", &"<w:sdt>".repeat(500_000), &[]),
        docx("tables within each other", &"<w:tbl><w:tr><w:tc>".repeat(100_000), &[]),
        docx("one long text", &format!("{filler}{filler}{}", p(&"a".repeat(15_000_000))), &[]),
        docx("a style of a long name", &format!("{filler}{styled}"), &with_style(style)),
        docx(
            "many styles",
            &p("a"),
            &with_style(format!("<w:styles>{many_styles}{}</w:styles>", many_styles.repeat(20))),
        ),
        docx(
            "a circle of styles",
            &styled,
            &with_style(
                "<w:styles><w:style w:styleId=\"S\"><w:basedOn w:val=\"S\"/></w:style></w:styles>".into(),
            ),
        ),
        docx("a part of a bomb", &p(&"a".repeat(31_000_000)), &[]),
        docx(
            "entities",
            "<!DOCTYPE a [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><w:p><w:r><w:t>&b;&b;x</w:t></w:r></w:p>",
            &[],
        ),
        docx(
            "many attributes",
            &format!("<w:p {}/>{}", (0..300_000).map(|n| format!("a{n}=\"\" ")).collect::<String>(), p("x")),
            &[],
        ),
        docx("a text that is no text", &p(&"\u{1}".repeat(1_000_000)), &[]),
    ]
}
