//! Deflated data that expands without end. Nothing of that size is ever in memory here: a block is compressed once and
//! written as often as is wanted.

use flate2::{Compress, Compression, FlushCompress, Status};

/// A zlib stream of `head` and then `times` times `unit`.
pub fn bomb(head: &[u8], unit: &[u8], times: usize) -> Vec<u8> {
    bomb_between(head, unit, times, b"")
}

/// The same with an end.
pub fn bomb_between(head: &[u8], unit: &[u8], times: usize, tail: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0xda];
    let mut sum = Adler::default();
    if !head.is_empty() {
        out.extend(block(head));
        sum.add(head, 1);
    }
    let unit_block = block(unit);
    for _ in 0..times {
        out.extend_from_slice(&unit_block);
    }
    sum.add(unit, times);
    if !tail.is_empty() {
        out.extend(block(tail));
        sum.add(tail, 1);
    }
    // An empty block that says it is the last one.
    out.extend([0x03, 0x00]);
    out.extend(sum.value().to_be_bytes());
    out
}

/// A zlib stream of `data`.
pub fn zlib(data: &[u8]) -> Vec<u8> {
    bomb(data, b"", 0)
}

/// A stream that begins with `seen`, stored, and goes on with `times` times `unit`, compressed.
pub fn bomb_behind(seen: &[u8], unit: &[u8], times: usize) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    out.extend(stored_blocks(seen));
    let unit_block = block(unit);
    for _ in 0..times {
        out.extend_from_slice(&unit_block);
    }
    out.extend([0x03, 0x00]);
    let mut sum = Adler::default();
    sum.add(seen, 1);
    sum.add(unit, times);
    out.extend(sum.value().to_be_bytes());
    out
}

/// Deflated without a frame, as archives have it.
pub fn raw(unit: &[u8], times: usize) -> Vec<u8> {
    let unit_block = block(unit);
    let mut out = unit_block.repeat(times);
    out.extend([0x03, 0x00]);
    out
}

fn stored_blocks(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in data.chunks(0xffff) {
        let length = piece.len() as u16;
        out.push(0x00);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(piece);
    }
    out
}

/// Blocks that end at a byte and refer to nothing before them, so that they can be repeated.
fn block(data: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(data.len() / 500 + 1024);
    let mut from = 0;
    loop {
        out.reserve(64 << 10);
        let before = compress.total_in();
        let status = compress.compress_vec(&data[from..], &mut out, FlushCompress::Full);
        from += (compress.total_in() - before) as usize;
        // All is out once there was room to spare.
        if status.is_err()
            || (from == data.len() && out.len() < out.capacity())
            || matches!(status, Ok(Status::StreamEnd))
        {
            return out;
        }
    }
}

const MODULUS: u64 = 65_521;

/// The check sum of zlib, also of data that is repeated.
struct Adler {
    a: u64,
    b: u64,
}

impl Default for Adler {
    fn default() -> Adler {
        Adler { a: 1, b: 0 }
    }
}

impl Adler {
    fn add(&mut self, data: &[u8], times: usize) {
        let length = data.len() as u64;
        let sum = data.iter().map(|byte| u64::from(*byte)).sum::<u64>() % MODULUS;
        let weighted = (data.iter().enumerate()).fold(0, |total, (at, byte)| {
            (total + (length - at as u64) % MODULUS * u64::from(*byte)) % MODULUS
        });
        for _ in 0..times {
            self.b = (self.b + length % MODULUS * self.a + weighted) % MODULUS;
            self.a = (self.a + sum) % MODULUS;
        }
    }

    fn value(&self) -> u32 {
        (self.b << 16 | self.a) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn read(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::ZlibDecoder::new(data).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn what_was_put_in_comes_out_and_the_sum_is_right() {
        assert_eq!(read(&zlib(b"some words")), b"some words");
        assert_eq!(read(&bomb(b"head ", b"ab", 1000)), [&b"head "[..], &b"ab".repeat(1000)].concat());
        assert_eq!(
            read(&bomb_behind(b"seen ", &[b' '; 100_000], 3)),
            [&b"seen "[..], &[b' '; 300_000]].concat()
        );
        assert_eq!(read(&bomb_between(b"a", b"b", 3, b"c")), b"abbbc");
        assert!(bomb(b"", &vec![0; 1 << 20], 64).len() < 80_000);
    }
}
