//! Passages of whatever text there is in some folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes of a passage, about.
const BYTES: usize = 950;

/// Up to `most` different passages of the text files below `folders`, in an order that looks like chance.
pub fn passages(folders: &[PathBuf], most: usize) -> Vec<String> {
    let mut files = Vec::new();
    folders.iter().for_each(|folder| walk(folder, &mut files));
    files.sort_by_key(|path| mixed(path.to_string_lossy().as_bytes()));
    let (mut seen, mut passages) = (BTreeSet::new(), Vec::new());
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let mut rest = text.get(..text.floor_char_boundary(200_000)).unwrap_or_default();
        while rest.len() > BYTES / 2 && passages.len() < most {
            let (passage, later) = rest.split_at(rest.floor_char_boundary(BYTES));
            rest = later;
            if seen.insert(mixed(passage.as_bytes())) {
                passages.push(passage.to_owned());
            }
        }
        if passages.len() >= most {
            break;
        }
    }
    passages.sort_by_key(|passage| mixed(passage.as_bytes()));
    passages
}

/// Some words out of the middle of a passage.
pub fn question(passage: &str) -> String {
    let words: Vec<&str> = passage.split_whitespace().collect();
    let count = 4 + passage.len() % 9;
    let start = words.len().saturating_sub(count) / 2;
    words.into_iter().skip(start).take(count).collect::<Vec<_>>().join(" ")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

/// FNV-1a.
fn mixed(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}
