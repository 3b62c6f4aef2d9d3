use super::{Block, BundleError, Catalog, HEADER_BYTES, MANIFEST, Manifest, Trailer, check_header};
use crate::seam::text_or_base64::Blob;
use crate::seam::{HostError, HostErrorKind, Key, KeyRange, KvOp, KvReply};
use bytes::Bytes;
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// A file that is read in ranges: a file on disk, a static asset over HTTP, values of a store.
pub trait Source {
    /// Exactly these bytes, all within the file. Several may be asked for at once.
    fn read(&self, range: Range<u64>) -> impl Future<Output = Result<Bytes, HostError>>;
}

/// A bundle as a store that can only be read. Answers [`KvOp::Get`] and [`KvOp::Scan`] from the blocks they need.
///
/// The keys are those of the store ([`crate::store::key`]), and nothing but the workspace is there: no API key, no
/// settings, no sequence. A host puts a small store of its own in front of it.
pub struct Snapshot<S> {
    source: S,
    catalog: Catalog,
    cache: Mutex<Cache>,
}

/// Blocks read lately.
struct Cache {
    blocks: BTreeMap<usize, (u64, Block)>,
    bytes: usize,
    bytes_max: usize,
    clock: u64,
}

/// Blocks that a scan reads at once: half a megabyte, usually.
const BLOCKS_AT_ONCE: usize = 8;

impl<S: Source> Snapshot<S> {
    /// Reads header, trailer and index of a file of `len` bytes. Up to `cache_bytes` of blocks stay in memory.
    ///
    /// # Errors
    /// Those of the source; [`HostErrorKind::Rejected`] if the file is no whole bundle.
    pub async fn open(source: S, len: u64, cache_bytes: usize) -> Result<Snapshot<S>, HostError> {
        let header = source.read(0..len.min(HEADER_BYTES as u64)).await?;
        check_header(&header)?;
        let trailer = source.read(Trailer::range(len)?).await?;
        let trailer = Trailer::decode(&trailer, len)?;
        let index = source.read(trailer.index.clone()).await?;
        let catalog = Catalog::decode(&index, &trailer)?;
        Ok(Snapshot::with(source, catalog, cache_bytes))
    }

    /// A file whose index was read before.
    pub fn with(source: S, catalog: Catalog, cache_bytes: usize) -> Snapshot<S> {
        let cache = Cache { blocks: BTreeMap::new(), bytes: 0, bytes_max: cache_bytes, clock: 0 };
        Snapshot { source, catalog, cache: Mutex::new(cache) }
    }

    /// Where its blocks are.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What the bundle says of itself.
    ///
    /// # Errors
    /// As [`Snapshot::get`]; [`HostErrorKind::Rejected`] if it says nothing.
    pub async fn manifest(&self) -> Result<Manifest, HostError> {
        let found = self.get(&[Key::new(MANIFEST)]).await?.into_iter().next().flatten();
        let found = found.ok_or_else(|| BundleError::damaged("it has no manifest"))?;
        Ok(serde_json::from_slice(&found).map_err(|e| BundleError::damaged(format!("its manifest: {e}")))?)
    }

    /// Carries out a read.
    ///
    /// # Errors
    /// Those of the source, [`HostErrorKind::Rejected`] for a damaged block, [`HostErrorKind::Unsupported`] for
    /// writes.
    pub async fn execute(&self, op: &KvOp) -> Result<KvReply, HostError> {
        match op {
            KvOp::Get { keys } => {
                let values = self.get(keys).await?;
                Ok(KvReply::Values(values.into_iter().map(|value| value.map(Blob)).collect()))
            }
            KvOp::Scan { range, reverse, limit, keys_only } => {
                let found = self.scan(range, *reverse, *limit as usize).await?;
                let value = |bytes: Bytes| Blob(if *keys_only { Bytes::new() } else { bytes });
                Ok(KvReply::Entries(found.into_iter().map(|(key, bytes)| (key, value(bytes))).collect()))
            }
            KvOp::Next { .. } | KvOp::Commit { .. } => {
                let message = "a bundle is read-only: import it to change the workspace";
                Err(HostError::new(HostErrorKind::Unsupported, message))
            }
            KvOp::Damaged { .. } => Ok(KvReply::Noted),
        }
    }

    /// Values of keys, in their order.
    pub async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, HostError> {
        let wanted: BTreeSet<usize> = keys.iter().filter_map(|key| self.catalog.block_of(key)).collect();
        let blocks = self.blocks(&wanted.into_iter().collect::<Vec<_>>()).await?;
        let value = |key: &Key| blocks.get(&self.catalog.block_of(key)?)?.get(key).cloned();
        Ok(keys.iter().map(value).collect())
    }

    /// Up to `limit` entries of a range in key order, or backwards.
    pub async fn scan(
        &self,
        range: &KeyRange,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<(Key, Bytes)>, HostError> {
        let mut numbers: Vec<usize> = self.catalog.blocks_in(range).collect();
        if reverse {
            numbers.reverse();
        }
        let mut found: Vec<(Key, Bytes)> = Vec::new();
        // Few entries are usually in the first block.
        let (mut rest, mut at_once) = (&numbers[..], 1);
        while !rest.is_empty() && found.len() < limit {
            let (some, later) = rest.split_at(rest.len().min(at_once));
            (rest, at_once) = (later, BLOCKS_AT_ONCE);
            let blocks = self.blocks(some).await?;
            for block in some.iter().filter_map(|number| blocks.get(number)) {
                let inside = block.entries().iter().filter(|e| e.key >= range.start && e.key < range.end);
                let mut entries: Vec<_> = inside.map(|e| (e.key.clone(), e.value.clone())).collect();
                if reverse {
                    entries.reverse();
                }
                found.extend(entries);
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn blocks(&self, numbers: &[usize]) -> Result<BTreeMap<usize, Block>, HostError> {
        let mut blocks = self.lock().known(numbers);
        for some in numbers.chunks(BLOCKS_AT_ONCE) {
            let missing: Vec<usize> = some.iter().copied().filter(|n| !blocks.contains_key(n)).collect();
            let read = try_join_all(missing.iter().map(|number| self.read(*number))).await?;
            for (number, (block, bytes)) in missing.into_iter().zip(read) {
                self.lock().keep(number, &block, bytes);
                blocks.insert(number, block);
            }
        }
        Ok(blocks)
    }

    async fn read(&self, number: usize) -> Result<(Block, usize), HostError> {
        let gone = || BundleError::damaged("its index has no such block");
        let place = self.catalog.places().get(number).ok_or_else(gone)?;
        let bytes = self.source.read(place.range.clone()).await?;
        Ok((Block::decode(&bytes, place.crc)?, bytes.len()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn known(&mut self, numbers: &[usize]) -> BTreeMap<usize, Block> {
        self.clock += 1;
        let mut known = BTreeMap::new();
        for number in numbers {
            if let Some((used, block)) = self.blocks.get_mut(number) {
                *used = self.clock;
                known.insert(*number, block.clone());
            }
        }
        known
    }

    fn keep(&mut self, number: usize, block: &Block, bytes: usize) {
        if bytes > self.bytes_max || self.blocks.insert(number, (self.clock, block.clone())).is_some() {
            return;
        }
        self.bytes += bytes;
        while self.bytes > self.bytes_max {
            let oldest = self.blocks.iter().min_by_key(|(_, (used, _))| *used).map(|(number, _)| *number);
            let Some((_, gone)) = oldest.and_then(|number| self.blocks.remove(&number)) else { break };
            self.bytes = self.bytes.saturating_sub(gone.bytes());
        }
    }
}

impl From<BundleError> for HostError {
    fn from(error: BundleError) -> HostError {
        HostError::new(HostErrorKind::Rejected, error.to_string())
    }
}
