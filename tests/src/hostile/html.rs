//! Pages whose elements nest without end, or say little and mean much.

use super::Make;

pub const FILES: [(&str, Make); 17] = [
    ("nested", nested),
    ("nested-false-ends", nested_false_ends),
    ("nested-ends-in-styles", nested_ends_in_styles),
    ("nested-ends-in-comments", nested_ends_in_comments),
    ("nested-quotes", nested_quotes),
    ("nested-lists", nested_lists),
    ("nested-emphasis", nested_emphasis),
    ("nested-drawings", nested_drawings),
    ("nested-templates", nested_templates),
    ("tables-nested", tables_nested),
    ("tables-nested-false-ends", tables_nested_false_ends),
    ("formatting-reopened", formatting_reopened),
    ("formatting-crossed", formatting_crossed),
    ("links-crossed", links_crossed),
    ("forms-and-choices", forms_and_choices),
    ("false-ends-only", false_ends_only),
    ("headings-without-end", headings_without_end),
];

pub const WIDE: [(&str, Make); 12] = [
    ("cells-span", cells_span),
    ("rows-uneven", rows_uneven),
    ("base-is-long", base_is_long),
    ("link-is-long", link_is_long),
    ("attributes-many", attributes_many),
    ("attribute-long", attribute_long),
    ("entities", entities),
    ("comment-unclosed", comment_unclosed),
    ("tag-unclosed", tag_unclosed),
    ("plain-text-element", plain_text_element),
    ("other-encoding", other_encoding),
    ("breaks", breaks),
];

fn repeated(piece: &str, times: usize, then: &str) -> Vec<u8> {
    (piece.repeat(times) + then).into_bytes()
}

fn nested() -> Vec<u8> {
    repeated("<div>", 900_000, "otter")
}

/// The end tags belong to nothing, so that counting them finds no depth.
fn nested_false_ends() -> Vec<u8> {
    repeated("<section></q></u>", 200_000, "otter")
}

fn nested_ends_in_styles() -> Vec<u8> {
    repeated("<article><style></article></style>", 120_000, "otter")
}

fn nested_ends_in_comments() -> Vec<u8> {
    repeated("<div><!-- </div> --><script>'</div>'</script><textarea></div></textarea>", 60_000, "otter")
}

fn nested_quotes() -> Vec<u8> {
    repeated("<blockquote></q>o", 80_000, "tter")
}

fn nested_lists() -> Vec<u8> {
    repeated("<ol><li></q>o<ul><li>", 60_000, "tter")
}

/// 36 KB are enough for a parser that calls itself.
fn nested_emphasis() -> Vec<u8> {
    repeated("<em></q>", 60_000, "otter")
}

fn nested_drawings() -> Vec<u8> {
    repeated("<svg><foreignObject><math><mtext></q>", 40_000, "otter")
}

fn nested_templates() -> Vec<u8> {
    repeated("<template><p>", 150_000, "otter")
}

fn tables_nested() -> Vec<u8> {
    repeated("<table><tbody><tr><td>o", 30_000, "tter")
}

/// Text that stands between cells goes in front of the table, and so on outwards.
fn tables_nested_false_ends() -> Vec<u8> {
    repeated("<table>o<tr>t<td></q></q></q></q>", 20_000, "ter")
}

/// Elements that are open are opened again in each paragraph: 300 times 100,000.
fn formatting_reopened() -> Vec<u8> {
    let open: String = (0..300).map(|n| format!("<font size={n}>")).collect();
    (format!("<p>{open}") + &"<p>o".repeat(100_000)).into_bytes()
}

fn formatting_crossed() -> Vec<u8> {
    repeated("<b><i><u><p></b></i></u><div>o", 30_000, "tter")
}

fn links_crossed() -> Vec<u8> {
    repeated("<a href=/o><div><a href=/t><p>o", 30_000, "tter")
}

fn forms_and_choices() -> Vec<u8> {
    repeated("<form><select><optgroup><option>o<button><fieldset><legend>", 30_000, "tter")
}

fn false_ends_only() -> Vec<u8> {
    repeated("</p></br></div></b>", 200_000, "otter")
}

fn headings_without_end() -> Vec<u8> {
    repeated("<h1><h2><h6>o", 100_000, "tter")
}

/// Cells that span two billion columns and rows.
fn cells_span() -> Vec<u8> {
    let cell = "<td colspan=2147483647 rowspan=2147483647>o</td>";
    format!("<table>{}</table>", format!("<tr>{}</tr>", cell.repeat(20)).repeat(200)).into_bytes()
}

/// One row of 20,000 cells, and 20,000 rows of one: what fills it up to a rectangle makes 400 million.
fn rows_uneven() -> Vec<u8> {
    format!("<table><tr>{}</tr>{}</table>", "<td>o".repeat(20_000), "<tr><td>o".repeat(20_000)).into_bytes()
}

/// Each of 40,000 short links is 200 KB long, since all of them start at the same place.
fn base_is_long() -> Vec<u8> {
    let base = format!("<base href=\"https://otter.example/{}/\">", "o".repeat(200_000));
    (base + &"<a href=o>o</a> ".repeat(40_000)).into_bytes()
}

fn link_is_long() -> Vec<u8> {
    format!("<p><a href=\"https://otter.example/{}\">{}", "o".repeat(2_000_000), "<b><p>o</b>".repeat(5_000))
        .into_bytes()
}

fn attributes_many() -> Vec<u8> {
    let attributes: String = (0..200_000).map(|n| format!(" a{n}=o")).collect();
    format!("<p{attributes}>otter").into_bytes()
}

fn attribute_long() -> Vec<u8> {
    format!("<p title=\"{}\">otter", "o".repeat(8 << 20)).into_bytes()
}

fn entities() -> Vec<u8> {
    repeated("&NotEqualTilde;&nosuchentity&#x10FFFF;&#0;&", 100_000, "otter")
}

fn comment_unclosed() -> Vec<u8> {
    repeated("<!-- -- --!", 400_000, "otter")
}

fn tag_unclosed() -> Vec<u8> {
    repeated("<a b='c' ", 400_000, "otter")
}

fn plain_text_element() -> Vec<u8> {
    (b"<p>otter<plaintext>".to_vec().into_iter())
        .chain("</plaintext><td>".repeat(200_000).into_bytes())
        .collect()
}

/// Says that it is UTF-16, and is not.
fn other_encoding() -> Vec<u8> {
    let mut page = b"\xff\xfe<meta charset=utf-16le><meta charset=utf-7><p>".to_vec();
    page.extend(b"\xd8\x00o".repeat(500_000));
    page
}

fn breaks() -> Vec<u8> {
    repeated("<br><hr>&nbsp;\n", 200_000, "otter")
}
