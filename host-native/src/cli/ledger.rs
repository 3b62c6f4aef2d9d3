//! Which files were added already.
//!
//! A line of JSON for each, in the data directory, written after the file is in. An interrupted `add` goes
//! on where it stopped, and a file that was copied or renamed is not added twice.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const FILE_NAME: &str = "added.jsonl";

/// The files that one workspace holds, by content.
pub struct Ledger {
    workspace: String,
    file: Mutex<File>,
    /// SHA-256 of the content to the document's path.
    known: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    workspace: &'a str,
    sha256: &'a str,
    document: &'a str,
}

impl Ledger {
    /// Reads what is known of `workspace`; entries whose document has left it do not count.
    pub fn open(data: &Path, workspace: &str, documents: &BTreeSet<String>) -> io::Result<Ledger> {
        let path = data.join(FILE_NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        // A line that a crash cut short is no entry.
        let known = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Line<'_>>(line).ok())
            .filter(|line| line.workspace == workspace && documents.contains(line.document))
            .map(|line| (line.sha256.to_owned(), line.document.to_owned()))
            .collect();
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(Ledger { workspace: workspace.to_owned(), file: Mutex::new(file), known })
    }

    /// The document that has this content already.
    pub fn find(&self, sha256: &str) -> Option<&str> {
        self.known.get(sha256).map(String::as_str)
    }

    /// Notes that a file is in.
    pub fn note(&self, sha256: &str, document: &str) -> io::Result<()> {
        let mut line = serde_json::to_string(&Line { workspace: &self.workspace, sha256, document })?;
        line.push('\n');
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }
}

/// SHA-256 of a file's content, in hex.
pub fn sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            n => hash.update(&buffer[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_known_until_its_document_is_gone() {
        let dir = tempfile::TempDir::new().unwrap();
        let documents = BTreeSet::from(["custom-documents/a.json".to_owned()]);
        let ledger = Ledger::open(dir.path(), "w", &documents).unwrap();
        ledger.note("aa", "custom-documents/a.json").unwrap();
        ledger.note("bb", "custom-documents/b.json").unwrap();
        // As after a crash in the middle of a line.
        OpenOptions::new()
            .append(true)
            .open(dir.path().join(FILE_NAME))
            .unwrap()
            .write_all(b"{\"work")
            .unwrap();
        let ledger = Ledger::open(dir.path(), "w", &documents).unwrap();
        assert_eq!(ledger.find("aa"), Some("custom-documents/a.json"));
        assert_eq!(ledger.find("bb"), None);
        ledger.note("cc", "custom-documents/a.json").unwrap();
        assert!(Ledger::open(dir.path(), "w", &documents).unwrap().find("cc").is_some());
        assert!(Ledger::open(dir.path(), "other", &documents).unwrap().find("aa").is_none());
    }

    #[test]
    fn the_hash_is_sha256_in_hex() {
        let dir = tempfile::TempDir::new().unwrap();
        std::fs::write(dir.path().join("f"), "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&dir.path().join("f")).unwrap(), expected);
    }
}
