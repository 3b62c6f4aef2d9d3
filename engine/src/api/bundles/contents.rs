//! What a bundle says it holds: everything but chunks, vectors and texts, read and checked before anything is written.

use super::super::documents::{NAME_BYTES_MAX, is_short};
use super::super::error::{ApiError, Code};
use super::inconsistent;
use crate::bundle::LAYOUT;
use crate::bundle::{Block, Catalog, MANIFEST, Manifest};
use crate::model::{Document, Placement, Workspace};
use crate::retrieve::IndexHead;
use crate::seam::{Cx, Key, Work};
use crate::store::key;
use crate::text::path::check_name;
use crate::vector::DIM_MAX;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// A bundle, and its records.
pub struct Contents {
    /// The file.
    file: Bytes,
    catalog: Catalog,
    pub manifest: Manifest,
    pub workspace: Workspace,
    pub head: Option<IndexHead>,
    /// By id.
    pub placements: Vec<Placement>,
    /// By id.
    pub documents: BTreeMap<String, Document>,
}

/// First parts of the keys that may be in a bundle.
const KNOWN: [&str; 18] = [
    "bundle",
    "chunk",
    "code",
    "doc",
    "doc.hash",
    "doc.id",
    "doc.pages",
    "doc.text",
    "folder",
    "index",
    "row",
    "term",
    "vec",
    "ws",
    "ws.slug",
    "wsdoc",
    "wsdoc.in",
    "wsdoc.path",
];

impl Contents {
    /// Reads all records of `file`. Every block is checked on the way.
    pub async fn read(cx: &Cx, file: Bytes) -> Result<Contents, ApiError> {
        let catalog = Catalog::of_file(&file)?;
        let (mut records, mut slices) = (Records::default(), cx.slices());
        for n in 0..catalog.places().len() {
            for entry in block(&file, &catalog, n)?.entries() {
                records.take(&entry.key, &entry.value)?;
                slices.spend(Work::Json(entry.key.as_str().len() + entry.value.len())).await;
            }
        }
        records.check()?;
        let missing = |what: &str| inconsistent(format!("it has no {what}"));
        let manifest = records.manifest.ok_or_else(|| missing("manifest"))?;
        let workspace = records.workspace.ok_or_else(|| missing("workspace"))?;
        let Records { head, placements, documents, .. } = records;
        Ok(Contents { file, catalog, manifest, workspace, head, placements, documents })
    }

    /// Blocks in the file.
    pub fn blocks(&self) -> usize {
        self.catalog.places().len()
    }

    /// A block.
    pub fn block(&self, n: usize) -> Result<Block, ApiError> {
        block(&self.file, &self.catalog, n)
    }
}

fn block(file: &Bytes, catalog: &Catalog, n: usize) -> Result<Block, ApiError> {
    let place = catalog.places().get(n).ok_or_else(|| inconsistent("its index has no such block"))?;
    // The index was found to lie behind all blocks, in a file that is in memory.
    let range = place.range.start as usize..place.range.end as usize;
    Ok(Block::decode(&file.slice(range), place.crc)?)
}

#[derive(Default)]
struct Records {
    manifest: Option<Manifest>,
    workspace: Option<Workspace>,
    head: Option<IndexHead>,
    placements: Vec<Placement>,
    documents: BTreeMap<String, Document>,
}

impl Records {
    fn take(&mut self, at: &Key, value: &[u8]) -> Result<(), ApiError> {
        let kind = at.as_str().split('/').next().unwrap_or_default();
        match kind {
            "bundle" if at.as_str() == MANIFEST => self.manifest(parse(at, value)?)?,
            _ if self.manifest.is_none() => return Err(inconsistent("it does not begin with its manifest")),
            "ws" => self.workspace = Some(parse(at, value)?),
            "index" => self.head = Some(parse(at, value)?),
            "wsdoc" => self.placements.push(parse(at, value)?),
            "doc" => {
                let document: Document = parse(at, value)?;
                if *at != key::document(&document.folder, &document.name) {
                    return Err(inconsistent(format!("{at} is another document")));
                }
                self.documents.insert(document.id.clone(), document);
            }
            "wsdoc.pin" => {}
            _ if KNOWN.contains(&kind) => {}
            _ => return Err(inconsistent(format!("{at} does not belong there"))),
        }
        Ok(())
    }

    fn manifest(&mut self, manifest: Manifest) -> Result<(), ApiError> {
        if manifest.layout != LAYOUT {
            let message = format!(
                "The bundle has layout {}, this program reads {LAYOUT}: {}.",
                manifest.layout,
                if manifest.layout > LAYOUT {
                    "use a newer Haversack"
                } else {
                    "export it again with a newer one"
                }
            );
            return Err(ApiError::new(Code::UnusableBundle, message));
        }
        self.manifest = Some(manifest);
        Ok(())
    }

    /// Whether the records fit together.
    fn check(&self) -> Result<(), ApiError> {
        for document in self.documents.values() {
            for name in [&document.folder, &document.name] {
                if !is_short(name) || name.contains('/') || check_name(name).is_err() {
                    let what = format!("a document's name is no name, or longer than {NAME_BYTES_MAX} bytes");
                    return Err(inconsistent(what));
                }
            }
        }
        let id = self.workspace.as_ref().map_or(0, |workspace| workspace.id);
        let (mut ids, mut segments, mut rows, mut words) = (BTreeSet::new(), BTreeSet::new(), 0u64, 0u64);
        for placement in &self.placements {
            let document = self.documents.get(&placement.document.id);
            let same = document.is_some_and(|document| document.path() == placement.document.path());
            let fits = same && placement.workspace == id && placement.chunks > 0;
            if !fits || !ids.insert(placement.id) || !segments.insert(placement.segment) {
                return Err(inconsistent(format!("the place of {} is wrong", placement.document.path())));
            }
            rows = rows.saturating_add(placement.chunks);
            words = words.saturating_add(placement.words);
        }
        let head = self.head.as_ref().map_or((0, 0), |head| (head.rows, head.dim));
        if self.head.as_ref().is_some_and(|head| head.words != words) {
            return Err(inconsistent("its index counts other words than its documents have"));
        }
        if head.0 != rows || (rows > 0 && !(1..=DIM_MAX).contains(&head.1)) {
            return Err(inconsistent(format!("its index counts {} chunks of {rows}", head.0)));
        }
        Ok(())
    }
}

pub(super) fn parse<T: DeserializeOwned>(at: &Key, value: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(value).map_err(|error| inconsistent(format!("{at} cannot be read: {error}")))
}
