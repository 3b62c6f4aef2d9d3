//! A workspace that was exported, read in place; what is written meanwhile stays in memory.

use super::file::File;
use super::overlay::Overlay;
use super::pieces::{Pieces, failed};
use bytes::Bytes;
use futures_util::Stream;
use haversack_engine::bundle::{Manifest, Snapshot, Source};
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KvOp, KvReply};
use spin_sdk::key_value;
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;
use std::rc::Rc;

/// Where a file is.
pub enum Place {
    /// In a key-value store.
    Pieces(Pieces),
    /// In the component.
    File(File),
}

impl Source for Place {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, HostError> {
        match self {
            Place::Pieces(pieces) => pieces.read(range).await,
            Place::File(file) => file.read(range).await,
        }
    }
}

/// Blocks of the file that stay in memory.
const CACHE_BYTES: usize = 8 << 20;

/// A file that is stored and is not current yet.
pub struct Staged {
    pieces: Pieces,
    snapshot: Snapshot<Place>,
}

impl Staged {
    /// What the file says of itself.
    pub async fn manifest(&self) -> Result<Manifest, HostError> {
        self.snapshot.manifest().await
    }

    /// Removes it. What cannot be removed is in nobody's way.
    pub async fn discard(self) {
        let _ = self.pieces.remove().await;
    }
}

/// The store.
pub struct Sealed {
    /// Where another file can be put; a file of the component stays as it is.
    values: Option<Rc<key_value::Store>>,
    snapshot: RefCell<Option<Rc<Snapshot<Place>>>>,
    overlay: RefCell<Overlay>,
}

impl Sealed {
    /// Opens the file in the key-value store of this label. There may be none yet.
    pub async fn open(label: &str) -> Result<Sealed, HostError> {
        let values = Rc::new(key_value::Store::open(label).await.map_err(failed)?);
        let snapshot = match Pieces::current(values.clone()).await? {
            Some(pieces) => Some(Rc::new(opened(pieces).await?)),
            None => None,
        };
        Ok(Sealed { values: Some(values), snapshot: RefCell::new(snapshot), overlay: RefCell::default() })
    }

    /// Opens a file of the component.
    pub async fn bundle(path: &str) -> Result<Sealed, HostError> {
        let file = File::open(path).await?;
        let len = file.len;
        let snapshot = Snapshot::open(Place::File(file), len, CACHE_BYTES).await?;
        let snapshot = RefCell::new(Some(Rc::new(snapshot)));
        Ok(Sealed { values: None, snapshot, overlay: RefCell::default() })
    }

    /// Stores another file of at most `bytes_max` bytes beside the current one, under a name that is not taken.
    pub async fn stage<E: Display>(
        &self,
        name: String,
        bytes_max: u64,
        file: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Staged, HostError> {
        let values = self.values()?;
        let pieces = Pieces::write(values, name, bytes_max, file).await?;
        match opened(pieces.clone()).await {
            Ok(snapshot) => Ok(Staged { pieces, snapshot }),
            Err(error) => {
                // Not a bundle, or not all of one. What cannot be removed is in nobody's way.
                let _ = pieces.remove().await;
                Err(error)
            }
        }
    }

    /// Replaces the file by a staged one. What it was before stays for those who are reading it, and goes with the next
    /// replacement.
    pub async fn replace(&self, staged: Staged) -> Result<(), HostError> {
        let before = Pieces::current(self.values()?).await?;
        staged.pieces.make_current().await?;
        *self.snapshot.borrow_mut() = Some(Rc::new(staged.snapshot));
        match before {
            Some(before) => before.remove().await,
            None => Ok(()),
        }
    }

    fn values(&self) -> Result<Rc<key_value::Store>, HostError> {
        self.values.clone().ok_or_else(|| {
            let message = "the documents of this server are part of the component: deploy another one";
            HostError::new(HostErrorKind::Refused, message)
        })
    }

    /// Carries out `op`.
    pub async fn execute(&self, op: KvOp) -> Result<KvReply, HostError> {
        match op {
            KvOp::Get { keys } => {
                let values = self.get(&keys).await?;
                Ok(KvReply::Values(values.into_iter().map(|value| value.map(Blob)).collect()))
            }
            KvOp::Scan { range, reverse, limit, keys_only } => {
                let snapshot = self.snapshot();
                let more = self.overlay.borrow().deleted_in(&range);
                let wanted = (limit as usize).saturating_add(more);
                let below = match snapshot {
                    Some(snapshot) => snapshot.scan(&range, reverse, wanted).await?,
                    None => Vec::new(),
                };
                let below = below.into_iter().map(|(key, bytes)| (key, Blob(bytes))).collect();
                let mut entries = self.overlay.borrow().merge(&range, reverse, below, limit as usize);
                if keys_only {
                    entries.iter_mut().for_each(|(_, value)| *value = Blob(Bytes::new()));
                }
                Ok(KvReply::Entries(entries))
            }
            KvOp::Next { key, count } => {
                // The value from below first: nothing may come between reading and writing.
                let below = self.below(std::slice::from_ref(&key)).await?.into_iter().next().flatten();
                let mut overlay = self.overlay.borrow_mut();
                let value = overlay.get(&key).cloned().unwrap_or(below);
                let number =
                    value.map_or(Some(0), |bytes| std::str::from_utf8(&bytes).ok()?.parse::<u64>().ok());
                let number = number.and_then(|number| number.checked_add(u64::from(count)));
                let number = number.ok_or_else(|| {
                    HostError::new(
                        HostErrorKind::Failed,
                        format!("{key} holds no number that can be counted up"),
                    )
                })?;
                overlay.write(vec![haversack_engine::seam::Write::Put(key, number.to_string().into())]);
                Ok(KvReply::Next(number))
            }
            KvOp::Commit { expect, writes } => {
                let (keys, expected): (Vec<Key>, Vec<Option<Blob>>) = expect.into_iter().unzip();
                let below = self.below(&keys).await?;
                let mut overlay = self.overlay.borrow_mut();
                overlay.check(&writes)?;
                let same = keys.iter().zip(below).zip(expected).all(|((key, below), expected)| {
                    *overlay.get(key).unwrap_or(&below) == expected.map(|Blob(bytes)| bytes)
                });
                if !same {
                    return Ok(KvReply::Conflict);
                }
                overlay.write(writes);
                Ok(KvReply::Committed)
            }
            KvOp::Damaged { .. } => Ok(KvReply::Noted),
        }
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, HostError> {
        let below = self.below(keys).await?;
        let overlay = self.overlay.borrow();
        let value = |(key, below): (&Key, Option<Bytes>)| overlay.get(key).cloned().unwrap_or(below);
        Ok(keys.iter().zip(below).map(value).collect())
    }

    async fn below(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, HostError> {
        match self.snapshot() {
            Some(snapshot) => snapshot.get(keys).await,
            None => Ok(vec![None; keys.len()]),
        }
    }

    fn snapshot(&self) -> Option<Rc<Snapshot<Place>>> {
        self.snapshot.borrow().clone()
    }
}

async fn opened(pieces: Pieces) -> Result<Snapshot<Place>, HostError> {
    let len = pieces.len;
    Snapshot::open(Place::Pieces(pieces), len, CACHE_BYTES).await
}
