//! Fonts whose tables are much larger than they look.

use super::super::{Make, deflate};
use super::Pdf;
use std::fmt::Write;

pub const FILES: [(&str, Make); 15] = [
    ("cid-widths", cid_widths),
    ("cid-widths-many", cid_widths_many),
    ("cid-heights", cid_heights),
    ("first-char", first_char),
    ("first-char-negative", first_char_negative),
    ("differences", differences),
    ("map-range", map_range),
    ("map-ranges-many", map_ranges_many),
    ("map-expands", map_expands),
    ("map-long-target", map_long_target),
    ("map-shared", map_shared),
    ("encoding-range", encoding_range),
    ("encoding-uses-itself", encoding_uses_itself),
    ("program-expands", program_expands),
    ("glyph-draws-itself", glyph_draws_itself),
];

const MEBIBYTE: usize = 1 << 20;

fn composite(descendant: &str) -> Pdf {
    Pdf::page()
        .font(
            "<< /Type /Font /Subtype /Type0 /BaseFont /Ab /Encoding /Identity-H /DescendantFonts [6 0 R] >>",
        )
        .object(
            6,
            format!(
                "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Ab \
             /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> {descendant} >>"
            ),
        )
        .content("BT /F 12 Tf 72 720 Td <00410042> Tj ET")
}

pub fn cid_widths() -> Vec<u8> {
    composite("/W [7 4294967290 600]").write()
}

fn cid_widths_many() -> Vec<u8> {
    composite(&format!("/W [{}]", "0 40000000 500 ".repeat(60))).write()
}

fn cid_heights() -> Vec<u8> {
    composite("/W2 [0 3000000000 -1000 250 880]").write()
}

fn simple(entries: &str) -> Pdf {
    let descriptor = "<< /Type /FontDescriptor /FontName /Ab /Flags 32 >>";
    Pdf::page()
        .font(&format!("<< /Type /Font /Subtype /TrueType /BaseFont /Ab /FontDescriptor 6 0 R {entries} >>"))
        .object(6, descriptor)
}

fn first_char() -> Vec<u8> {
    simple("/FirstChar 3999999999 /LastChar 3999999999 /Widths [500]").write()
}

fn first_char_negative() -> Vec<u8> {
    simple("/FirstChar -2147483648 /LastChar 2147483647 /Widths [500 500]").write()
}

fn differences() -> Vec<u8> {
    simple("/Encoding << /Differences [4294967295 /A 2147483647 /B -1 /C 0 /D] >>").write()
}

/// A font with a map from its characters to Unicode.
fn mapped(map: &[u8]) -> Pdf {
    Pdf::page()
        .font("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>")
        .deflated(6, "", map)
}

fn cmap(body: &str) -> Vec<u8> {
    format!(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange <00> <FFFFFFFF> \
         endcodespacerange\n{body}\nendcmap end end"
    )
    .into_bytes()
}

fn map_range() -> Vec<u8> {
    mapped(&cmap("2 beginbfrange <00000000> <FFFFFFFF> <0041> <0000> <FFFF> [<0041>] endbfrange")).write()
}

fn map_ranges_many() -> Vec<u8> {
    mapped(&cmap(&format!("100000 beginbfrange\n{}endbfrange", "<0000> <FFFF> <0041>\n".repeat(100_000))))
        .write()
}

/// 600 MiB of the shortest entry.
fn map_expands() -> Vec<u8> {
    let unit = b"<1><1>".repeat(MEBIBYTE / 6);
    let map = deflate::bomb(b"begincmap 1 beginbfchar ", &unit, 600);
    Pdf::page()
        .font("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>")
        .stream(6, "/Filter /FlateDecode", &map)
        .write()
}

/// One character that stands for 20,000, shown 400,000 times.
fn map_long_target() -> Vec<u8> {
    let target = "0061".repeat(20_000);
    let content = format!("BT /F 12 Tf 72 720 Td ({}) Tj ET", "o".repeat(400_000));
    mapped(&cmap(&format!("1 beginbfchar <6F> <{target}> endbfchar"))).content(&content).write()
}

/// 150 fonts with one large map, which each of them may read for itself.
fn map_shared() -> Vec<u8> {
    let unit = b"<2><2>".repeat(MEBIBYTE / 6);
    let map = deflate::bomb(b"begincmap 1 beginbfchar ", &unit, 24);
    let (mut pdf, mut fonts, mut content) =
        (Pdf::page().stream(6, "/Filter /FlateDecode", &map), String::new(), String::new());
    for n in 0..150 {
        pdf = pdf.object(50 + n, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>");
        let _ = write!(fonts, "/G{n} {} 0 R ", 50 + n);
        let _ = write!(content, "BT /G{n} 9 Tf (o) Tj ET ");
    }
    pdf.object(3, format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << {fonts} >> >> >>"
    ))
    .content(&content)
    .write()
}

fn encoding_range() -> Vec<u8> {
    composite("")
        .font("<< /Type /Font /Subtype /Type0 /BaseFont /Ab /Encoding 7 0 R /DescendantFonts [6 0 R] >>")
        .deflated(
            7,
            "/Type /CMap /CMapName /Own",
            &cmap("1 begincidrange <00000000> <FFFFFFFF> 0 endcidrange"),
        )
        .write()
}

fn encoding_uses_itself() -> Vec<u8> {
    composite("").font(
        "<< /Type /Font /Subtype /Type0 /BaseFont /Ab /Encoding 7 0 R /ToUnicode 7 0 R /DescendantFonts [6 0 R 5 0 R] >>",
    )
    .deflated(7, "/Type /CMap /CMapName /Own /UseCMap 7 0 R", &cmap("/Own usecmap"))
    .write()
}

/// A font program of 1 GiB.
fn program_expands() -> Vec<u8> {
    let program = deflate::bomb(b"\0\x01\0\0\0\x10", &vec![0; MEBIBYTE], 1024);
    simple("")
        .object(6, "<< /Type /FontDescriptor /FontName /Ab /Flags 4 /FontFile2 7 0 R /FontFile 7 0 R >>")
        .stream(7, "/Filter /FlateDecode", &program)
        .write()
}

fn glyph_draws_itself() -> Vec<u8> {
    Pdf::page()
        .font(
            "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [.001 0 0 .001 0 0] /FirstChar 79 /LastChar 79 \
             /Widths [9] /Encoding << /Differences [79 /O] >> /CharProcs << /O 6 0 R >> /Resources << /Font << /F 5 0 R >> >> >>",
        )
        .deflated(6, "", b"BT /F 9 Tf (OO) Tj ET")
        .write()
}
