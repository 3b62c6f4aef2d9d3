//! Archives as they should not be. A part is given as it is stored, so that its sizes can lie.

use super::deflate;
use flate2::Crc;

/// One file in an archive.
#[derive(Clone)]
pub struct Part {
    /// Its path.
    pub name: String,
    /// Deflated, without a frame.
    pub packed: Vec<u8>,
    /// What the archive says it unpacks to.
    pub size: u32,
    /// Its check sum.
    pub crc: u32,
}

impl Part {
    /// An ordinary part.
    pub fn new(name: &str, data: &[u8]) -> Part {
        Part::repeated(name, data, 1)
    }

    /// A part that unpacks to `times` times `unit`.
    pub fn repeated(name: &str, unit: &[u8], times: usize) -> Part {
        Part::between(name, b"", unit, times, b"")
    }

    /// The same between a beginning and an end.
    pub fn between(name: &str, head: &[u8], unit: &[u8], times: usize, tail: &[u8]) -> Part {
        let mut packed = Vec::new();
        for (data, times) in [(head, 1), (unit, times), (tail, 1)] {
            let last = packed.len().saturating_sub(2);
            packed.truncate(last);
            packed.extend(deflate::raw(data, times));
        }
        let (mut crc, mut of_unit) = (Crc::new(), Crc::new());
        crc.update(head);
        of_unit.update(unit);
        (0..times).for_each(|_| crc.combine(&of_unit));
        let mut of_tail = Crc::new();
        of_tail.update(tail);
        crc.combine(&of_tail);
        let size = head.len() + unit.len() * times + tail.len();
        Part { name: name.to_owned(), packed, size: size as u32, crc: crc.sum() }
    }
}

/// The archive of `parts`.
pub fn archive(parts: &[Part]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for part in parts {
        let at = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend(fields(part));
        out.extend([0, 0]);
        out.extend(part.name.bytes());
        out.extend_from_slice(&part.packed);
        entry(&mut directory, part, at);
    }
    let start = out.len() as u32;
    out.extend_from_slice(&directory);
    end(&mut out, parts.len() as u16, directory.len() as u32, start);
    out
}

/// An archive whose directory names the one part so many times.
pub fn named_often(part: &Part, times: u16) -> Vec<u8> {
    let mut out = archive(std::slice::from_ref(part));
    let start = out.len() as u32;
    let mut directory = Vec::new();
    (0..times).for_each(|_| entry(&mut directory, part, 0));
    out.extend_from_slice(&directory);
    end(&mut out, times, directory.len() as u32, start);
    out
}

/// Version to the length of the name.
fn fields(part: &Part) -> Vec<u8> {
    let mut out = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
    out.extend(part.crc.to_le_bytes());
    out.extend((part.packed.len() as u32).to_le_bytes());
    out.extend(part.size.to_le_bytes());
    out.extend((part.name.len() as u16).to_le_bytes());
    out
}

fn entry(directory: &mut Vec<u8>, part: &Part, at: u32) {
    directory.extend(b"PK\x01\x02\x14\0");
    directory.extend(fields(part));
    // Extra field, comment, disk, attributes inside and outside.
    directory.extend([0; 12]);
    directory.extend(at.to_le_bytes());
    directory.extend(part.name.bytes());
}

fn end(out: &mut Vec<u8>, count: u16, length: u32, start: u32) {
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
}
