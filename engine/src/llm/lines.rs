//! Bytes in, lines out, however the bytes are cut.

use std::fmt;

/// A line (or the data of one event) grew past the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

impl fmt::Display for LineTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line of the model's answer is longer than {} bytes", self.limit)
    }
}

impl std::error::Error for LineTooLong {}

/// Splits at LF, CR LF or CR; drops one byte order mark at the very start.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    limit: usize,
    /// The last byte was a CR: a LF that follows belongs to it.
    skip_lf: bool,
    first: bool,
}

impl Lines {
    pub fn new(limit: usize) -> Lines {
        Lines { buffer: Vec::new(), limit, skip_lf: false, first: true }
    }

    /// Calls `line` for each line that `bytes` completes, without its end.
    pub fn feed<E: From<LineTooLong>>(
        &mut self,
        mut bytes: &[u8],
        mut line: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.skip_lf) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            if self.buffer.len() + piece.len() > self.limit {
                return Err(LineTooLong { limit: self.limit }.into());
            }
            self.buffer.extend_from_slice(piece);
            let Some(end) = end else { return Ok(()) };
            self.skip_lf = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            let whole = std::mem::take(&mut self.buffer);
            line(self.without_mark(&whole))?;
            self.buffer = whole;
            self.buffer.clear();
        }
        Ok(())
    }

    /// What came after the last line end, if anything did.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.buffer);
        let rest = self.without_mark(&rest).to_vec();
        (!rest.is_empty()).then_some(rest)
    }

    fn without_mark<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        match std::mem::take(&mut self.first) {
            true => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line),
            false => line,
        }
    }
}
