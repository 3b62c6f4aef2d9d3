//! Trees of pages, forms, and operators without end.

use super::super::{Make, deflate};
use super::{Pdf, stream};
use std::fmt::Write;

pub const FILES: [(&str, Make); 14] = [
    ("pages-doubled", pages_doubled),
    ("pages-in-a-circle", pages_in_a_circle),
    ("pages-nested", pages_nested),
    ("pages-count", pages_count),
    ("forms-doubled", forms_doubled),
    ("form-redrawn", form_redrawn),
    ("states-nested", states_nested),
    ("marks-nested", marks_nested),
    ("picture-inline", picture_inline),
    ("letters-placed", letters_placed),
    ("letters-far-away", letters_far_away),
    ("arrays-nested", arrays_nested),
    ("dictionaries-nested", dictionaries_nested),
    ("objects-many", objects_many),
];

/// Forty nodes, each of which has the next one for both children: a trillion pages.
fn pages_doubled() -> Vec<u8> {
    let mut pdf = Pdf::page().object(2, "<< /Type /Pages /Kids [100 0 R 100 0 R] /Count 2 >>");
    for n in 100..140 {
        pdf = pdf
            .object(n, format!("<< /Type /Pages /Parent 2 0 R /Kids [{0} 0 R {0} 0 R] /Count 2 >>", n + 1));
    }
    pdf.object(140, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>").write()
}

fn pages_in_a_circle() -> Vec<u8> {
    Pdf::page()
        .object(1, "<< /Type /Catalog /Pages 2 0 R /Outlines 1 0 R /Names 1 0 R /Kids [1 0 R] /First 1 0 R /Next 1 0 R >>")
        .object(2, "<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R 1 0 R] /Parent 2 0 R /Count 3 >>")
        .trailer("/Info 2 0 R")
        .write()
}

/// A chain of 100,000 nodes.
fn pages_nested() -> Vec<u8> {
    let mut pdf = Pdf::page().object(2, "<< /Type /Pages /Kids [100 0 R] /Count 1 >>");
    for n in 100..100_100 {
        pdf = pdf.object(n, format!("<< /Type /Pages /Kids [{} 0 R] /Count 1 >>", n + 1));
    }
    pdf.object(100_100, "<< /Type /Page /MediaBox [0 0 9 9] /Contents 4 0 R >>").write()
}

fn pages_count() -> Vec<u8> {
    let kids = "3 0 R ".repeat(300_000);
    Pdf::page().object(2, format!("<< /Type /Pages /Kids [{kids}] /Count 4294967295 >>")).write()
}

/// Each form draws the next one twice.
fn forms_doubled() -> Vec<u8> {
    let mut pdf = Pdf::page().resources("/XObject << /X 100 0 R >>").content("/X Do");
    for n in 100..160 {
        let dictionary = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /Font << /F 5 0 R >> /XObject << /X {} 0 R >> >>",
            n + 1
        );
        pdf = pdf.deflated(n, &dictionary, b"/X Do BT /F 9 Tf (o) Tj ET /X Do");
    }
    pdf.write()
}

/// A form with millions of letters, drawn 50,000 times.
pub fn form_redrawn() -> Vec<u8> {
    let letters = deflate::bomb_between(b"BT /F 12 Tf 9 9 Td (", &vec![0xfd; 1 << 20], 12, b") Tj ET");
    let form = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /Font << /F 5 0 R >> >> /Filter /FlateDecode",
        &letters,
    );
    Pdf::page()
        .font("<< /Type /Font /Subtype /Unheard >>")
        .resources("/XObject << /X 6 0 R >>")
        .object(6, form)
        .content(&"/X Do ".repeat(50_000))
        .write()
}

fn states_nested() -> Vec<u8> {
    Pdf::page().content(&format!("{}BT /F 9 Tf (o) Tj ET", "q ".repeat(3_000_000))).write()
}

fn marks_nested() -> Vec<u8> {
    Pdf::page()
        .content(&format!("{}BT /F 9 Tf (o) Tj ET", "/P << /MCID 0 >> BDC BT ".repeat(300_000)))
        .write()
}

fn picture_inline() -> Vec<u8> {
    Pdf::page()
        .content(
            "BI /W 2000000000 /H 2000000000 /BPC 16 /CS /CMYK /F [/AHx /Fl] ID 00> EI BT /F 9 Tf (o) Tj ET",
        )
        .write()
}

/// 200,000 letters, each in a place of its own and none of them in order.
fn letters_placed() -> Vec<u8> {
    let mut content = String::from("BT /F 1 Tf ");
    for n in 0..200_000_u32 {
        let (x, y) = (n.wrapping_mul(7919) % 60_000, n.wrapping_mul(104_729) % 79_000);
        let _ = write!(content, "1 0 0 1 {}.{} {}.{} Tm (o) Tj ", x / 100, x % 100, y / 100, y % 100);
    }
    Pdf::page().content(&(content + "ET")).write()
}

fn letters_far_away() -> Vec<u8> {
    let places =
        "1 0 0 1 1e38 -1e38 Tm (o) Tj 0 0 0 0 0 0 Tm (t) Tj 99999999999999999999 0 0 1 0 1e-45 Tm (t) Tj ";
    Pdf::page().content(&format!("BT /F 1e30 Tf 1e30 TL 1e30 Tc {} ET", places.repeat(20_000))).write()
}

fn arrays_nested() -> Vec<u8> {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    Pdf::page()
        .content(&format!("BT /F 9 Tf {} TJ (o) Tj ET", nested(800_000)))
        .object(6, nested(800_000))
        .trailer("/Info 6 0 R")
        .write()
}

/// The resources of a page, 200,000 deep.
fn dictionaries_nested() -> Vec<u8> {
    let depth = 200_000;
    Pdf::page()
        .object(
            3,
            format!(
                "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources {} 5 0 R {} >>",
                "<< /Font ".repeat(depth),
                ">>".repeat(depth)
            ),
        )
        .write()
}

fn objects_many() -> Vec<u8> {
    let mut pdf = Pdf::page();
    for n in 0..250_000 {
        pdf = pdf.object(100 + n, "null");
    }
    pdf.write()
}
