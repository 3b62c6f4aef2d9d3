//! A file in a key-value store: values of limited size, and one that says which file is current.

use bytes::{Bytes, BytesMut};
use futures_util::future::try_join_all;
use futures_util::{Stream, StreamExt};
use haversack_engine::bundle::Source;
use haversack_engine::seam::{HostError, HostErrorKind};
use spin_sdk::key_value::{Error, Store};
use std::fmt::Display;
use std::ops::Range;
use std::rc::Rc;

/// Bytes of a value. Stores take up to 1 MB, but a read takes the whole value: this is what one usually wants, the
/// size of a bundle's block.
const PIECE_BYTES: u64 = 64 << 10;

/// Says which file is current: `NAME LENGTH`.
const CURRENT: &str = "haversack/current";

/// A file.
#[derive(Clone)]
pub struct Pieces {
    store: Rc<Store>,
    name: String,
    /// Bytes of it.
    pub len: u64,
}

impl Pieces {
    /// The file that is current in a store, if one is.
    pub async fn current(store: Rc<Store>) -> Result<Option<Pieces>, HostError> {
        let Some(text) = store.get(CURRENT).await.map_err(failed)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&text).into_owned();
        let found = text.split_once(' ').and_then(|(name, len)| Some((name.to_owned(), len.parse().ok()?)));
        let Some((name, len)) = found else {
            let message = format!("{CURRENT} in the key-value store is not what this host writes");
            return Err(HostError::new(HostErrorKind::Failed, message));
        };
        Ok(Some(Pieces { store, name, len }))
    }

    /// Stores a file of at most `bytes_max` bytes under a new name, piece by piece as it comes. It is not current yet. Of a
    /// file that is larger, or breaks off, nothing stays.
    pub async fn write<E: Display>(
        store: Rc<Store>,
        name: String,
        bytes_max: u64,
        file: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Pieces, HostError> {
        let mut pieces = Pieces { store, name, len: 0 };
        match pieces.fill(bytes_max, file).await {
            Ok(()) => Ok(pieces),
            Err(error) => {
                // What cannot be removed is in nobody's way.
                let _ = pieces.remove().await;
                Err(error)
            }
        }
    }

    async fn fill<E: Display>(
        &mut self,
        bytes_max: u64,
        mut file: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(), HostError> {
        let mut rest = BytesMut::new();
        loop {
            let more = file.next().await;
            let ended = more.is_none();
            if let Some(bytes) = more {
                let broken =
                    |why: E| HostError::new(HostErrorKind::Rejected, format!("the file broke off: {why}"));
                let bytes = bytes.map_err(broken)?;
                if self.len + (rest.len() + bytes.len()) as u64 > bytes_max {
                    let message = format!("the file is larger than {bytes_max} bytes");
                    return Err(HostError::new(HostErrorKind::TooLarge, message));
                }
                rest.extend_from_slice(&bytes);
            }
            while rest.len() as u64 >= PIECE_BYTES || (ended && !rest.is_empty()) {
                let piece = rest.split_to(rest.len().min(PIECE_BYTES as usize));
                let key = self.key(self.len / PIECE_BYTES);
                self.store.set(key, &piece).await.map_err(failed)?;
                self.len += piece.len() as u64;
            }
            if ended {
                return Ok(());
            }
        }
    }

    /// Makes it the current one. The one before stays until [`Pieces::remove`]: others may be reading it.
    pub async fn make_current(&self) -> Result<(), HostError> {
        self.store.set(CURRENT, format!("{} {}", self.name, self.len)).await.map_err(failed)
    }

    /// Removes its values.
    pub async fn remove(&self) -> Result<(), HostError> {
        for number in 0..self.len.div_ceil(PIECE_BYTES) {
            self.store.delete(self.key(number)).await.map_err(failed)?;
        }
        Ok(())
    }

    fn key(&self, number: u64) -> String {
        format!("haversack/{}/{number:06}", self.name)
    }

    async fn piece(&self, number: u64) -> Result<Bytes, HostError> {
        let piece = self.store.get(self.key(number)).await.map_err(failed)?;
        piece.map(Bytes::from).ok_or_else(|| {
            HostError::new(HostErrorKind::Failed, format!("piece {number} of the sealed file is gone"))
        })
    }
}

impl Source for Pieces {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, HostError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let first = range.start / PIECE_BYTES;
        let last = (range.end - 1) / PIECE_BYTES;
        let pieces = try_join_all((first..=last).map(|number| self.piece(number))).await?;
        let mut all = BytesMut::with_capacity((range.end - range.start) as usize);
        for (number, piece) in (first..=last).zip(pieces) {
            let at = number * PIECE_BYTES;
            let within = |place: u64| usize::try_from(place.saturating_sub(at)).unwrap_or(usize::MAX);
            let (start, end) = (within(range.start), within(range.end).min(piece.len()));
            all.extend_from_slice(piece.get(start..end).unwrap_or_default());
        }
        if all.len() as u64 != range.end - range.start {
            return Err(HostError::new(HostErrorKind::Failed, "the sealed file is shorter than it was"));
        }
        Ok(all.freeze())
    }
}

/// What the key-value store said.
pub fn failed(error: Error) -> HostError {
    let text = match error {
        Error::NoSuchStore | Error::AccessDenied => {
            "the component has no key-value store of that label: add it to key_value_stores in spin.toml"
                .to_owned()
        }
        Error::StoreTableFull => "too many key-value stores are open".to_owned(),
        Error::Other(text) => text,
    };
    HostError::new(HostErrorKind::Failed, text)
}
