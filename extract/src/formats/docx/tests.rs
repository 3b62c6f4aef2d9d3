use super::super::testing::*;
use crate::Limits;
use crate::formats::testing::archive;

const RELS: &str = r#"<Relationships xmlns="r">
    <Relationship Id="r1" Type="x/officeDocument" Target="/word/document.xml"/>
    <Relationship Id="r2" Type="x/core-properties" Target="docProps/core.xml"/></Relationships>"#;
const DOCUMENT_RELS: &str = r#"<Relationships>
    <Relationship Id="s" Type="x/styles" Target="styles.xml"/>
    <Relationship Id="n" Type="x/numbering" Target="numbering.xml"/>
    <Relationship Id="f" Type="x/footnotes" Target="footnotes.xml"/>
    <Relationship Id="l" Type="x/hyperlink" Target="https://example.com/a" TargetMode="External"/></Relationships>"#;
const CORE: &str = r#"<cp:coreProperties><dc:title>Garden</dc:title><dc:creator>Ann Hill</dc:creator>
    <dc:subject>Tools</dc:subject></cp:coreProperties>"#;
const STYLES: &str = r#"<w:styles>
    <w:style w:styleId="T"><w:name w:val="Title"/></w:style>
    <w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>
    <w:style w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="H2"/></w:style>
    <w:style w:styleId="LB"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
    <w:style w:styleId="C1"><w:basedOn w:val="C2"/></w:style><w:style w:styleId="C2"><w:basedOn w:val="C1"/></w:style>
    </w:styles>"#;
const NUMBERING: &str = r#"<w:numbering>
    <w:abstractNum w:abstractNumId="10"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
    <w:abstractNum w:abstractNumId="11"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/></w:lvl>
        <w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/></w:lvl></w:abstractNum>
    <w:num w:numId="1"><w:abstractNumId w:val="10"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="11"/></w:num>
    </w:numbering>"#;
const FOOTNOTES: &str = r#"<w:footnotes><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>
    <w:footnote w:id="1"><w:p><w:r><w:footnoteRef/><w:t> Made of oak.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;

fn docx(body: &str) -> Vec<u8> {
    let document = format!("<w:document><w:body>{body}</w:body></w:document>");
    archive(&[
        ("_rels/.rels", RELS),
        ("docProps/core.xml", CORE),
        ("word/document.xml", &document),
        ("word/_rels/document.xml.rels", DOCUMENT_RELS),
        ("word/styles.xml", STYLES),
        ("word/numbering.xml", NUMBERING),
        ("word/footnotes.xml", FOOTNOTES),
    ])
}

#[track_caller]
fn check(body: &str, text: &str) {
    assert_eq!(one("a.docx", &docx(body)).text, format!("{text}\n\n[^1]: Made of oak."));
}

fn p(style: &str, text: &str) -> String {
    format!(r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#)
}

#[test]
fn a_small_document_is_read() {
    let document = one("small.docx", include_bytes!("../../../testdata/small.docx"));
    assert_eq!(
        document.text,
        "The orchard ladder is in the garden.\n\nPepper and cotton are stored in the basket.\n\n\
         | cell one | cell two |\n| --- | --- |"
    );
    assert!(document.markdown);
}

#[test]
fn styles_make_headings() {
    let body =
        [p("T", "Garden"), p("Own", "Tools &amp; more"), p("C1", "Rakes"), p("none", "Spades")].concat();
    check(&body, "# Garden\n\n## Tools & more\n\nRakes\n\nSpades");
    check(r#"<w:p><w:pPr><w:outlineLvl w:val="2"/></w:pPr><w:r><w:t>Deep</w:t></w:r></w:p>"#, "### Deep");
}

#[test]
fn lists_count_as_word_does() {
    let item = |level: u32, text: &str| {
        format!(
            r#"<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="2"/></w:numPr></w:pPr>
               <w:r><w:t>{text}</w:t></w:r></w:p>"#
        )
    };
    let body =
        [p("LB", "rake"), item(0, "dig"), item(1, "deep"), item(1, "wide"), item(0, "sow"), item(1, "thin")];
    check(&body.concat(), "- rake\n3. dig\n    1. deep\n    2. wide\n4. sow\n    1. thin");
}

#[test]
fn runs_are_joined_and_deleted_text_is_gone() {
    let body = r#"<w:p><w:r><w:t xml:space="preserve">One </w:t></w:r><w:ins><w:r><w:t>two</w:t></w:r></w:ins>
        <w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:tab/><w:t>three</w:t><w:br/><w:t>four</w:t></w:r>
        <w:r><w:instrText> PAGE </w:instrText></w:r><w:r><w:footnoteReference w:id="1"/></w:r>
        <w:hyperlink r:id="l"><w:r><w:t>here</w:t></w:r></w:hyperlink></w:p>"#;
    check(body, "One two\tthree\nfour[^1][here](https://example.com/a)");
}

#[test]
fn a_text_box_is_read_once() {
    let body = r#"<w:p><w:r><w:t>Before</w:t><mc:AlternateContent>
        <mc:Choice><wps:txbx><w:txbxContent><w:p><w:r><w:t>Boxed</w:t></w:r></w:p></w:txbxContent></wps:txbx></mc:Choice>
        <mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>Boxed</w:t></w:r></w:p></w:txbxContent></w:pict></mc:Fallback>
        </mc:AlternateContent></w:r></w:p>"#;
    check(body, "Before\n\nBoxed");
}

#[test]
fn tables_keep_their_grid() {
    let cell = |properties: &str, text: &str| {
        format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
    };
    let body = format!(
        "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}</w:tr></w:tbl>",
        cell("", "Tool"),
        cell("", "a|b"),
        cell(r#"<w:gridSpan w:val="2"/>"#, "wide")
    );
    check(&body, "| Tool | a\\|b |\n| --- | --- |\n| wide |  |");
}

#[test]
fn properties_are_read() {
    let document = one("a.docx", &docx(&p("", "Text")));
    assert_eq!(document.title.as_deref(), Some("Garden"));
    assert_eq!(document.author.as_deref(), Some("Ann Hill"));
    assert_eq!(document.description.as_deref(), Some("Tools"));
}

#[test]
fn a_torn_body_gives_what_came_before() {
    let document = "<w:document><w:body><w:p><w:r><w:t>Whole</w:t></w:r></w:p><w:p><w:r><w:t>torn";
    let bytes = archive(&[("word/document.xml", document)]);
    let extracted = extract("a.docx", &bytes);
    assert_eq!(extracted.documents[0].text, "Whole\n\ntorn");
    assert_eq!(extracted.skipped[0].what, "the rest of word/document.xml");
    assert_eq!(extracted.skipped[0].reason, "it is cut short");
}

#[test]
fn files_that_are_no_documents_say_so() {
    let cases: [(&[u8], &str); 4] = [
        (b"PK\x03\x04", "its archive is damaged or cut short"),
        (b"hello", "it is not the archive that its extension announces"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it is encrypted. Remove its password and send it again."),
        (&archive(&[("a.xml", "<a/>")]), "its main part is missing, so it is not a Word document"),
    ];
    for (bytes, reason) in cases {
        assert_eq!(error("a.docx", bytes), format!("Error processing a.docx: {reason}"));
    }
}

#[test]
fn bombs_are_refused_by_name() {
    let bytes = docx(&p("", &"a".repeat(3_000_000)));
    let within = |limits| error_within("a.docx", &bytes, &limits);
    assert!(within(Limits { max_ratio: 10, ..Limits::default() }).contains("limit max_ratio (10)"));
    assert!(
        within(Limits { max_ratio: 9999, max_expanded_bytes: 2_000_000, ..Limits::default() })
            .contains("limit max_expanded_bytes (2000000)")
    );
    assert!(
        within(Limits { max_ratio: 9999, max_text_bytes: 9, ..Limits::default() }).contains("max_text_bytes")
    );
    assert!(within(Limits { max_entries: 3, ..Limits::default() }).contains("limit max_entries (3)"));
}
