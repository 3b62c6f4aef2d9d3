//! Looking at every record of a store, and mending what can be mended.
//!
//! This is what `haversack doctor` runs. Nothing else may use the store meanwhile. Each finding is a line of JSON, see
//! [`Finding`]; the last line counts them. What is mended is mended in commits that leave a sound store behind, so that a
//! repair that was cut off is simply begun again.
//!
//! The order matters: what cannot be read is taken out first (`walk`), then records that others point to are restored
//! as far as the others tell of them (`restore`), then the pointers (`pointers`), documents without their text
//! (`documents`), the indexes of workspaces (`indexes`) and the numbers that were given out (`numbers`).

mod documents;
mod indexes;
mod numbers;
mod pointers;
mod restore;
#[cfg(test)]
mod tests;
mod walk;

use crate::Engine;
use crate::api::ApiError;
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Head, Key, KeyRange, Write};
use crate::store::{self, StoreError, key, seal};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// Something is wrong with a record, or between records.
    Wrong {
        /// What.
        text: String,
    },
    /// It was made again, from other records.
    Mended {
        /// What.
        text: String,
    },
    /// It is gone for good.
    Lost {
        /// What.
        text: String,
    },
    /// It could not be mended now, and stays wrong.
    Failed {
        /// What, and what to do.
        text: String,
    },
    /// The last line.
    End {
        /// Records that were looked at.
        records: u64,
        /// How many lines said that something is wrong.
        wrong: u64,
        /// How many that something was mended.
        mended: u64,
        /// How many that something is lost.
        lost: u64,
        /// How many that something could not be mended.
        failed: u64,
    },
}

/// A repair, or a look at what it would find.
struct Repair<'a> {
    cx: &'a Cx,
    engine: &'a Engine,
    /// Mend it; otherwise nothing is written.
    fix: bool,
    wrong: u64,
    mended: u64,
    lost: u64,
    failed: u64,
}

/// Looks at everything, and with `fix` mends it. The findings are sent as lines.
pub async fn run(cx: &Cx, engine: &Engine, fix: bool) -> Result<(), ApiError> {
    let content_type = ("content-type".to_owned(), "application/x-ndjson".to_owned());
    cx.head(Head { status: 200, headers: vec![content_type], streaming: false });
    let mut repair = Repair { cx, engine, fix, wrong: 0, mended: 0, lost: 0, failed: 0 };
    let records = match repair.all().await {
        Ok(records) => records,
        Err(error) => {
            repair.failed(format!("The work could not be finished: {}", error.message));
            0
        }
    };
    let Repair { wrong, mended, lost, failed, .. } = repair;
    repair.say(&Finding::End { records, wrong, mended, lost, failed });
    Ok(())
}

impl Repair<'_> {
    async fn all(&mut self) -> Result<u64, ApiError> {
        let mut census = walk::walk(self).await?;
        if self.fix {
            walk::remove_damaged(self, &census).await?;
            // What a crash left half written or half removed is no damage.
            let _ = crate::maintain::run(self.cx, self.engine, true).await;
            census = walk::walk_quietly(self).await?.with_damage_of(census);
            restore::run(self, &census).await?;
        }
        pointers::run(self).await?;
        documents::run(self, &census).await?;
        indexes::run(self, &census).await?;
        if self.fix {
            walk::remove_strays(self, &census).await?;
        }
        numbers::run(self, &census).await?;
        Ok(census.records)
    }

    fn say(&self, finding: &Finding) {
        let mut line = serde_json::to_vec(finding).unwrap_or_default();
        line.push(b'\n');
        self.cx.body(line.into());
    }

    fn wrong(&mut self, text: impl Into<String>) {
        self.wrong += 1;
        self.say(&Finding::Wrong { text: text.into() });
    }

    fn mended(&mut self, text: impl Into<String>) {
        self.mended += 1;
        self.say(&Finding::Mended { text: text.into() });
    }

    fn lost(&mut self, text: impl Into<String>) {
        self.lost += 1;
        self.say(&Finding::Lost { text: text.into() });
    }

    fn failed(&mut self, text: impl Into<String>) {
        self.failed += 1;
        self.say(&Finding::Failed { text: text.into() });
    }

    /// A record that is there and can be read.
    async fn peek<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>, StoreError> {
        Ok(self.peek_all(vec![key]).await?.into_iter().next().flatten())
    }

    async fn peek_all<T: DeserializeOwned>(&self, keys: Vec<Key>) -> Result<Vec<Option<T>>, StoreError> {
        let stored = store::get_stored(self.cx, keys.clone()).await?;
        let read = |(key, value): (&Key, Option<Blob>)| {
            serde_json::from_slice(&seal::plain(key, &value?.0).ok()?).ok()
        };
        Ok(keys.iter().zip(stored).map(read).collect())
    }

    /// All records of a kind that can be read.
    async fn all_of<T: DeserializeOwned>(&self, range: KeyRange) -> Result<Vec<(Key, T)>, StoreError> {
        let mut records = Vec::new();
        let mut pages = Pages::of(range);
        while let Some(page) = pages.next(self.cx).await? {
            let read = page.into_iter().filter_map(|(key, stored)| {
                let record = serde_json::from_slice(&seal::plain(&key, &stored).ok()?).ok()?;
                Some((key, record))
            });
            records.extend(read);
        }
        Ok(records)
    }

    /// Writes, if it is to mend anything. Nobody else writes meanwhile, so nothing is expected.
    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        if self.fix && !writes.is_empty() {
            store::commit(self.cx, Vec::new(), writes).await?;
        }
        Ok(())
    }
}

/// A write of a record.
fn put<T: Serialize>(key: Key, record: &T) -> Result<Write, StoreError> {
    let bytes = serde_json::to_vec(record).map_err(|e| StoreError::Damaged(key.clone(), e.to_string()))?;
    Ok(Write::Put(key, bytes.into()))
}

/// The kind of a record: its key up to the first `/`.
fn kind(key: &Key) -> &str {
    key.as_str().split_once('/').map_or("", |(kind, _)| kind)
}

/// The parts of a key after its kind.
fn parts(key: &Key) -> Vec<&str> {
    key.as_str().split('/').skip(1).collect()
}

/// Bytes that a page should have, about, and entries at most.
const PAGE_BYTES: usize = 4 << 20;
const PAGE_MAX: usize = 1000;

/// Entries of a range as they are stored, page by page.
struct Pages {
    rest: Option<KeyRange>,
    limit: usize,
}

impl Pages {
    fn of(range: KeyRange) -> Pages {
        Pages { rest: Some(range), limit: 16 }
    }

    async fn next(&mut self, cx: &Cx) -> Result<Option<Vec<(Key, Bytes)>>, StoreError> {
        let Some(range) = self.rest.take() else { return Ok(None) };
        let limit = self.limit;
        let entries = store::scan_stored(cx, range.clone(), false, limit as u32, false).await?;
        let bytes: usize = entries.iter().map(|(_, Blob(bytes))| bytes.len()).sum();
        if let Some((last, _)) = entries.last()
            && entries.len() >= limit
        {
            self.rest = Some(KeyRange { start: key::after(last), end: range.end });
        }
        self.limit = (limit * PAGE_BYTES / bytes.max(1)).clamp(4, PAGE_MAX);
        cx.breathe().await;
        Ok(Some(entries.into_iter().map(|(key, Blob(bytes))| (key, bytes)).collect()))
    }
}
