use super::{
    BLOCK_BYTES, BundleError, END, FRAME_BYTES, HEADER_BYTES, MAGIC, VERSION,
    block::{encode, size},
};
use crate::seam::Key;
use bytes::Bytes;

/// Makes a bundle of entries in key order. Holds one block and an index of the others.
///
/// [`Writer::take`] what there is now and then; the pieces put together are the file.
pub struct Writer {
    ready: Vec<u8>,
    /// Bytes of the file in front of `ready`.
    taken: u64,
    block: Vec<u8>,
    first: Option<Key>,
    last: Option<Key>,
    index: Vec<u8>,
    blocks: u32,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer::new()
    }
}

impl Writer {
    /// A bundle without entries.
    pub fn new() -> Writer {
        let mut ready = Vec::with_capacity(HEADER_BYTES);
        ready.extend_from_slice(&MAGIC);
        ready.extend_from_slice(&VERSION.to_le_bytes());
        ready.extend_from_slice(&[0; 2]);
        Writer { ready, taken: 0, block: Vec::new(), first: None, last: None, index: Vec::new(), blocks: 0 }
    }

    /// Adds an entry, whose key is greater than all before it.
    ///
    /// # Errors
    /// [`BundleError::Entry`]; the writer is as it was.
    pub fn push(&mut self, key: &Key, value: &[u8]) -> Result<(), BundleError> {
        if self.last.as_ref().is_some_and(|last| last >= key) {
            return Err(BundleError::Entry(format!("{key} is out of order")));
        }
        if !self.block.is_empty() && self.block.len() + size(key, value) > BLOCK_BYTES {
            self.close_block();
        }
        encode(key, value, &mut self.block)?;
        self.first.get_or_insert_with(|| key.clone());
        self.last = Some(key.clone());
        Ok(())
    }

    /// Bytes that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.ready.len()
    }

    /// What is ready of the file since the last call.
    pub fn take(&mut self) -> Bytes {
        self.taken += self.ready.len() as u64;
        std::mem::take(&mut self.ready).into()
    }

    /// The rest of the file.
    pub fn finish(mut self) -> Bytes {
        self.close_block();
        let index = std::mem::take(&mut self.index);
        let at = self.frame(b'I', &index);
        let mut trailer = Vec::new();
        trailer.extend_from_slice(&at.to_le_bytes());
        trailer.extend_from_slice(&(index.len() as u32).to_le_bytes());
        trailer.extend_from_slice(&crate::checksum::crc32(&index).to_le_bytes());
        trailer.extend_from_slice(&self.blocks.to_le_bytes());
        let crc = crate::checksum::crc32(&trailer);
        trailer.extend_from_slice(&crc.to_le_bytes());
        trailer.extend_from_slice(&END);
        self.ready.extend_from_slice(&trailer);
        self.take()
    }

    /// The rest of a file that cannot be finished: whoever reads it is told why.
    pub fn break_off(mut self, why: &str) -> Bytes {
        self.frame(b'X', why.as_bytes());
        self.take()
    }

    fn close_block(&mut self) {
        let Some(first) = self.first.take() else { return };
        let block = std::mem::take(&mut self.block);
        let at = self.frame(b'B', &block);
        let name = first.as_str().as_bytes();
        // `encode` keeps keys within 16 bits and blocks within 32.
        self.index.extend_from_slice(&(name.len() as u16).to_le_bytes());
        self.index.extend_from_slice(&at.to_le_bytes());
        self.index.extend_from_slice(&(block.len() as u32).to_le_bytes());
        self.index.extend_from_slice(&crate::checksum::crc32(&block).to_le_bytes());
        self.index.extend_from_slice(name);
        self.blocks += 1;
    }

    /// Adds a frame; where its content begins in the file.
    fn frame(&mut self, kind: u8, content: &[u8]) -> u64 {
        self.ready.reserve(FRAME_BYTES + content.len());
        self.ready.push(kind);
        self.ready.extend_from_slice(&(content.len() as u32).to_le_bytes());
        self.ready.extend_from_slice(&crate::checksum::crc32(content).to_le_bytes());
        let at = self.taken + self.ready.len() as u64;
        self.ready.extend_from_slice(content);
        at
    }
}
