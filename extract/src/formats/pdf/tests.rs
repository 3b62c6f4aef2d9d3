use super::super::testing::*;
use crate::{ExtractError, Extracted, Limits, Problem, Source};

/// Writes PDFs object by object.
pub(crate) struct PdfWriter {
    bytes: Vec<u8>,
    offsets: Vec<usize>,
}

impl PdfWriter {
    pub fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n".to_vec(), offsets: Vec::new() }
    }

    /// Adds the next object, numbered from 1.
    pub fn object(&mut self, body: &str) -> usize {
        self.offsets.push(self.bytes.len());
        let number = self.offsets.len();
        self.bytes.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
        number
    }

    pub fn stream(&mut self, dictionary: &str, data: &str) -> usize {
        self.object(&format!("<< {dictionary} /Length {} >>\nstream\n{data}\nendstream", data.len()))
    }

    /// Ends the file; object 1 must be the catalog.
    pub fn finish(mut self, trailer: &str) -> Vec<u8> {
        let start = self.bytes.len();
        let size = self.offsets.len() + 1;
        self.bytes.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
        for offset in &self.offsets {
            self.bytes.extend(format!("{offset:010} 00000 n \n").bytes());
        }
        self.bytes.extend(
            format!("trailer << /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF").bytes(),
        );
        self.bytes
    }
}

/// A document in Helvetica with one page for each content stream.
pub(crate) fn pdf(pages: &[String]) -> Vec<u8> {
    pdf_with("/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>", pages, &[])
}

fn pdf_with(resources: &str, pages: &[String], objects: &[&str]) -> Vec<u8> {
    let mut writer = PdfWriter::new();
    writer.object("<< /Type /Catalog /Pages 2 0 R >>");
    // Own objects come from 3 on, then a page and its content in turn.
    let first = 3 + objects.len();
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", first + 2 * page)).collect();
    writer.object(&format!(
        "<< /Type /Pages /Kids [{}] /Count {} /MediaBox [0 0 612 792] /Resources << {resources} >> >>",
        kids.join(" "),
        pages.len()
    ));
    for object in objects {
        writer.object(object);
    }
    for content in pages {
        let number = writer.offsets.len() + 1;
        writer.object(&format!("<< /Type /Page /Parent 2 0 R /Contents {} 0 R >>", number + 1));
        writer.stream("", content);
    }
    writer.finish("/Info << /Title (Harbor) /Author (Ann) /Creator (Some Program) >>")
}

fn line(text: &str) -> String {
    format!("BT /F1 12 Tf 72 700 Td ({text}) Tj ET")
}

fn read(bytes: &[u8]) -> Result<Extracted, ExtractError> {
    super::super::extract(Source { name: "a.pdf", mime: None, bytes }, &Limits::default())
}

#[track_caller]
fn content(content: &str, text: &str) {
    assert_eq!(one("a.pdf", &pdf(&[content.to_owned()])).text, text);
}

#[test]
fn pages_are_separated_and_their_places_kept() {
    let document = one("small.pdf", include_bytes!("../../../testdata/small.pdf"));
    let pages: Vec<_> =
        document.pages.iter().map(|page| (page.number, &document.text[page.range()])).collect();
    assert_eq!(
        pages,
        [
            (1, "The lantern harbor opens at nine.\nBring an anchor and a compass."),
            (2, "Second page about velvet ribbons.\nThe end."),
        ]
    );
    assert!(document.text.contains("compass.\n\nSecond"));
    assert_eq!((document.title, document.author), (None, None));
}

#[test]
fn the_document_names_its_author() {
    let document = one("a.pdf", &pdf(&[line("Text")]));
    assert_eq!(document.title.as_deref(), Some("Harbor"));
    assert_eq!(document.author.as_deref(), Some("Ann"));
    assert_eq!(document.description.as_deref(), Some("Harbor"));
}

#[test]
fn every_way_to_show_text_is_read() {
    content(
        "BT /F1 12 Tf 14 TL 72 700 Td (one) Tj T* (two) Tj (three) ' 1 0 (four) \" ET",
        "one\ntwo\nthree\nfour",
    );
    content("BT /F1 12 Tf 72 700 Td [(W) 80 (ord) -400 (next)] TJ ET", "Word next");
    content("BT /F1 1 Tf 12 0 0 12 72 700 Tm (scaled) Tj 1 0 0 1 0 0 Tm ET", "scaled");
    content(
        "q 0 1 -1 0 100 100 cm BT /F1 12 Tf (turned) Tj ET Q BT /F1 12 Tf (level) Tj ET",
        "turned\n\nlevel",
    );
    content("BT /F1 12 Tf 72 700 Td 3 Tr (hidden layer) Tj ET", "hidden layer");
    content("/Span << /ActualText (said) >> BDC BT /F1 12 Tf (drawn) Tj ET EMC", "said");
}

#[test]
fn forms_and_their_fields_are_read() {
    let form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 33 >>\nstream\n\
                BT /F1 12 Tf (inside a form) Tj ET\nendstream";
    let resources = "/Font << /F1 << /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << /X 3 0 R >>";
    let bytes = pdf_with(resources, &["/X Do".into(), "/X Do".into()], &[form]);
    assert_eq!(one("a.pdf", &bytes).text, "inside a form\n\ninside a form");
}

#[test]
fn forms_that_multiply_are_stopped() {
    // Each of 16 forms draws the next one twice; the last shows text.
    let mut forms: Vec<String> = (4..20)
        .map(|next| {
            format!(
                "<< /Subtype /Form /Resources << /XObject << /X {next} 0 R >> >> /Length 11 >>\n\
                 stream\n/X Do /X Do\nendstream"
            )
        })
        .collect();
    let fonts = "/Font << /F1 << /Subtype /Type1 /BaseFont /Courier >> >>";
    let text = line("again");
    forms.push(format!("<< /Subtype /Form /Resources << {fonts} >> >>\nstream\n{text}\nendstream"));
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    let bytes = pdf_with("/XObject << /X 3 0 R >>", &["/X Do".into()], &forms);
    let limits = Limits { max_operations: 10_000, ..Limits::default() };
    let outcome =
        super::super::extract(Source { name: "a.pdf", mime: None, bytes: &bytes }, &limits).unwrap();
    assert_eq!(outcome.skipped[0].what, "page 1");
    assert!(outcome.skipped[0].reason.contains("limit max_operations (10000)"));
}

#[test]
fn a_form_that_draws_itself_ends() {
    let form = "<< /Subtype /Form /Resources << /XObject << /X 3 0 R >> /Font << /F1 4 0 R >> >> >>\n\
                stream\n/X Do /X Do BT /F1 12 Tf (once) Tj ET\nendstream";
    let font = "<< /Subtype /Type1 /BaseFont /Courier >>";
    let bytes = pdf_with("/XObject << /X 3 0 R >>", &["/X Do".into()], &[form, font]);
    assert_eq!(one("a.pdf", &bytes).text, "once");
}

#[test]
fn fonts_map_their_codes() {
    let cmap = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange \
                1 beginbfrange <0001> <0003> <0391> endbfrange 1 beginbfchar <0004> <00660069> endbfchar endcmap";
    let mapped = format!("<< /Length {} >>\nstream\n{cmap}\nendstream", cmap.len());
    let fonts = "/Font << /Greek << /Subtype /Type0 /BaseFont /G /Encoding /Identity-H /ToUnicode 3 0 R \
                 /DescendantFonts [<< /Subtype /CIDFontType2 /BaseFont /G /DW 500 >>] >> \
                 /Names << /Subtype /TrueType /BaseFont /N /Encoding << /Differences [65 /eacute /fi /uni4E2D] >> >> \
                 /Japan << /Subtype /Type0 /BaseFont /J /Encoding /90ms-RKSJ-H /DescendantFonts [<< >>] >> >>";
    let page = "BT /Greek 9 Tf 0 700 Td <0001000200030004> Tj 0 -12 Td /Names 9 Tf (ABC) Tj \
                0 -12 Td /Japan 9 Tf <93fa967b> Tj ET";
    assert_eq!(one("a.pdf", &pdf_with(fonts, &[page.into()], &[&mapped])).text, "ΑΒΓfi\néfi中\n日本");
}

#[test]
fn signs_without_a_meaning_are_reported() {
    let fonts = "/Font << /F1 << /Subtype /Type0 /BaseFont /G /Encoding /Identity-H /DescendantFonts [<< >>] >> \
                 /F2 << /Subtype /Type1 /BaseFont /Helvetica >> >>";
    let page = format!("BT /F2 9 Tf (Known) Tj /F1 9 Tf <{}> Tj ET", "0007".repeat(30));
    let extracted = read(&pdf_with(fonts, &[page], &[])).unwrap();
    assert_eq!(extracted.documents[0].text, "Known");
    assert_eq!(extracted.skipped[0].reason, "its fonts do not tell which letters 30 of 35 signs are");
}

#[test]
fn two_hundred_pages_survive_a_broken_cross_reference_table() {
    let pages: Vec<String> = (1..=200).map(|page| line(&format!("This is page {page} of the log"))).collect();
    let whole = pdf(&pages);
    let table = memchr::memmem::rfind(&whole, b"xref\n0").unwrap();
    let mut shifted = b"%PDF-1.7\n% a line that moves everything\n".to_vec();
    shifted.extend(&whole[9..]);
    let mut zeroed = whole.clone();
    zeroed[table + 8..].iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'7');
    for (what, bytes) in [("shifted", shifted), ("zeroed", zeroed), ("cut off", whole[..table].to_vec())] {
        let document = one("a.pdf", &bytes);
        assert_eq!(document.pages.len(), 200, "{what}");
        assert_eq!(&document.text[document.pages[199].range()], "This is page 200 of the log", "{what}");
    }
}

#[test]
fn what_arrived_of_a_cut_off_file_is_read() {
    let mut writer = PdfWriter::new();
    let font = "/Font << /F1 << /Subtype /Type1 /BaseFont /Helvetica >> >>";
    for page in 0..3 {
        writer.object(&format!("<< /Type /Page /Resources << {font} >> /Contents {} 0 R >>", 2 + 2 * page));
        writer.stream("", &line(&format!("Sheet {page}")));
    }
    writer.object("<< /Type /Annot /Contents (a note) >>");
    let extracted = read(&writer.bytes).unwrap();
    assert_eq!(extracted.documents[0].text, "Sheet 0\n\nSheet 1\n\nSheet 2");
    assert_eq!(extracted.documents[0].pages[2].number, 3);
    assert_eq!(extracted.skipped[0].reason, super::GATHERED);
}

#[test]
fn good_pages_are_kept_when_others_are_broken() {
    let mut bytes = pdf(&[line("First"), line("Second"), line("Third")]);
    // The second page's content claims to be compressed.
    let at = memchr::memmem::find_iter(&bytes, b"<<  /Length").nth(1).unwrap();
    bytes.splice(at..at + 3, *b"<</Filter/LZWDecode");
    let extracted = read(&bytes).unwrap();
    let pages: Vec<_> = extracted.documents[0].pages.iter().map(|page| page.number).collect();
    assert_eq!(pages, [1, 3]);
    assert_eq!(
        extracted.skipped,
        [Problem { what: "page 2".into(), reason: "its content is damaged".into() }]
    );
}

#[test]
fn missing_pages_are_counted() {
    let whole = pdf(&[line("First"), line("Second")]);
    let text = String::from_utf8(whole).unwrap().replace("/Count 2", "/Count 9");
    let extracted = read(text.as_bytes()).unwrap();
    assert_eq!(extracted.skipped[0].reason, "the file announces 9 pages, but only 2 could be found");
}

#[test]
fn pictures_of_text_are_listed() {
    let image = "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /Length 1 >>\nstream\n0\nendstream";
    let resources = "/XObject << /I 3 0 R >> /Font << /F1 << /Subtype /Type1 /BaseFont /Helvetica >> >>";
    let extracted = read(&pdf_with(resources, &["/I Do".into(), line("Text")], &[image])).unwrap();
    assert_eq!(extracted.skipped[0].what, "page 1");
    assert_eq!(extracted.skipped[0].reason, super::page::ONLY_PICTURES);
    let only = pdf_with(resources, &["/I Do".into()], &[image]);
    assert_eq!(error("scan.pdf", &only), "No text content found in scan.pdf.");
}

#[test]
fn limits_are_named() {
    let bytes = pdf(&[line("One"), line("Two"), line("Three")]);
    let within = |limits| error_within("a.pdf", &bytes, &limits);
    assert!(within(Limits { max_pages: 2, ..Limits::default() }).contains("limit max_pages (2)"));
    assert!(within(Limits { max_entries: 2, ..Limits::default() }).contains("limit max_entries (2)"));
    let limits = Limits { max_operations: 45, ..Limits::default() };
    let extracted =
        super::super::extract(Source { name: "a.pdf", mime: None, bytes: &bytes }, &limits).unwrap();
    assert_eq!(extracted.documents[0].text, "One");
    let skipped: Vec<_> = extracted.skipped.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(skipped, ["page 2", "pages 3 to 3"]);
}

#[test]
fn a_limit_that_leaves_nothing_is_the_reason() {
    let limits = Limits { max_operations: 5, ..Limits::default() };
    assert!(error_within("a.pdf", &pdf(&[line("One")]), &limits).contains("limit max_operations (5)"));
}

#[test]
fn signs_count_each_time_they_are_drawn() {
    let form = |letters: usize| {
        let content = format!("BT /F1 12 Tf ({}) Tj ET", "\u{1}".repeat(letters));
        format!("<< /Subtype /Form /Length {} >>\nstream\n{content}\nendstream", content.len())
    };
    let resources = "/Font << /F1 << /Subtype /Nothing >> >> /XObject << /X 3 0 R >>";
    let draws = "/X Do ".repeat(100) + &line("end");
    let read = |letters: usize| {
        let bytes = pdf_with(resources, std::slice::from_ref(&draws), &[&form(letters)]);
        let limits = Limits { max_operations: 100_000, ..Limits::default() };
        super::super::extract(Source { name: "a.pdf", mime: None, bytes: &bytes }, &limits)
    };
    assert_eq!(read(100).unwrap().documents[0].text, "end");
    assert!(read(1000).unwrap_err().to_string().contains("limit max_operations (100000)"));
}

#[test]
fn fonts_whose_numbers_are_absurd_still_give_their_letters() {
    let fonts = "/Font << /A << /Subtype /TrueType /FirstChar 4000000000 /LastChar 4000000000 /Widths [1] >> \
                 /B << /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< /W [0 4294967295 500] >>] >> >>";
    let page = "BT /A 9 Tf (first) Tj 0 -12 Td /B 9 Tf (second) Tj ET";
    assert_eq!(one("a.pdf", &pdf_with(fonts, &[page.into()], &[])).text, "first\nsecond");
}

#[test]
fn what_is_no_pdf_says_so() {
    assert_eq!(error("a.pdf", b"hello"), "Error processing a.pdf: it is no PDF, or damaged beyond repair");
}
