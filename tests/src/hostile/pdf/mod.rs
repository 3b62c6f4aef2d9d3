//! Writing PDF files as they should not be.

pub(super) mod fonts;
pub(super) mod pages;
pub(super) mod streams;
pub(super) mod tables;

use super::deflate;
use std::collections::BTreeMap;

/// Objects, which are written in the order of their numbers.
///
/// There is one page to begin with: 1 is the catalog, 2 the tree of pages, 3 the page, 4 its content, 5 its font `F`.
pub struct Pdf {
    objects: BTreeMap<u32, Vec<u8>>,
    trailer: String,
}

const HELVETICA: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

impl Pdf {
    /// A page that says `Otter`.
    pub fn page() -> Pdf {
        Pdf { objects: BTreeMap::new(), trailer: String::new() }
            .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
            .object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
            .resources("")
            .content("BT /F 12 Tf 72 720 Td (Otter) Tj ET")
            .object(5, HELVETICA)
    }

    fn object(mut self, number: u32, body: impl AsRef<[u8]>) -> Pdf {
        self.objects.insert(number, body.as_ref().to_vec());
        self
    }

    fn stream(self, number: u32, dictionary: &str, data: &[u8]) -> Pdf {
        let body = stream(dictionary, data);
        self.object(number, body)
    }

    /// `data` deflated.
    fn deflated(self, number: u32, dictionary: &str, data: &[u8]) -> Pdf {
        self.stream(number, &format!("{dictionary} /Filter /FlateDecode"), &deflate::zlib(data))
    }

    fn content(self, operators: &str) -> Pdf {
        self.deflated(4, "", operators.as_bytes())
    }

    fn font(self, dictionary: &str) -> Pdf {
        self.object(5, dictionary)
    }

    /// More entries of the page's resources.
    fn resources(self, more: &str) -> Pdf {
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
             /Resources << /Font << /F 5 0 R >> {more} >> >>"
        );
        self.object(3, page)
    }

    fn trailer(mut self, more: &str) -> Pdf {
        self.trailer = more.to_owned();
        self
    }

    /// The file, with a classic table of references.
    fn write(self) -> Vec<u8> {
        let (mut out, places) = self.bodies();
        let at = out.len();
        let size = places.keys().max().map_or(1, |last| last + 1);
        out.extend(format!("xref\n0 {size}\n").bytes());
        for number in 0..size {
            let row = match places.get(&number) {
                Some(place) => format!("{place:010} 00000 n \n"),
                None => "0000000000 65535 f \n".to_owned(),
            };
            out.extend(row.bytes());
        }
        let more = &self.trailer;
        out.extend(
            format!("trailer\n<< /Size {size} /Root 1 0 R {more} >>\nstartxref\n{at}\n%%EOF\n").bytes(),
        );
        out
    }

    /// The objects one after another, and where each begins.
    fn bodies(&self) -> (Vec<u8>, BTreeMap<u32, usize>) {
        let mut out = b"%PDF-1.7\n".to_vec();
        let mut places = BTreeMap::new();
        for (number, body) in &self.objects {
            places.insert(*number, out.len());
            out.extend(format!("{number} 0 obj\n").bytes());
            out.extend_from_slice(body);
            out.extend(b"\nendobj\n");
        }
        (out, places)
    }
}

/// A stream with its right length.
fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut body = format!("<< /Length {} {dictionary} >>\nstream\n", data.len()).into_bytes();
    body.extend_from_slice(data);
    body.extend(b"\nendstream");
    body
}

/// A form that is drawn again and again over letters that no font can name: work without end, in little memory. It is
/// what holds a place until the time for it is over.
pub fn endless() -> Vec<u8> {
    pages::form_redrawn()
}

/// A font whose table of widths names one range of four billion characters: memory without end, in a few hundred bytes.
pub fn greedy() -> Vec<u8> {
    fonts::cid_widths()
}
