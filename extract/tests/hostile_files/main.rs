//! Files that are made to use up memory, stack or time. They are read in processes of their own, on a small stack, and
//! have to be answered within the memory that its limits promise.
#![cfg(all(feature = "formats", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod docx;
mod html;
mod pdf;
mod pdf_filters;
mod text;

use std::io::Read;
use std::process::Command;

use haversack_extract::{Limits, Source, extract};

/// A file: what it is about, its extension, its bytes.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) extension: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Case {
    pub(crate) fn new(name: impl Into<String>, extension: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), extension, bytes: bytes.into() }
    }
}

const MIB: u64 = 1024 * 1024;
/// The stack that a wasm module has.
const STACK_BYTES: usize = 1024 * 1024;
/// Set in the processes that read cases: the paths of the files.
const FILES: &str = "HAVERSACK_HOSTILE_FILES";

/// Small, so that the cases are small as well; the code is the same.
fn limits() -> Limits {
    Limits {
        max_bytes: 8 * MIB,
        max_expanded_bytes: 32 * MIB,
        max_entries: 50_000,
        max_operations: 2_000_000,
        max_text_bytes: 4 * MIB,
        ..Limits::default()
    }
}

/// What `limits.rs` promises, and what a process takes that does nothing.
fn most_bytes() -> u64 {
    let limits = limits();
    2 * limits.max_bytes + 2 * limits.max_expanded_bytes + 16 * MIB
}

fn cases() -> Vec<Case> {
    [pdf::cases(), pdf_filters::cases(), html::cases(), docx::cases(), text::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Cases that one process reads. Starting one takes longer than reading most files.
const CASES_PER_PROCESS: usize = 12;

#[test]
fn each_file_is_answered_within_its_memory() {
    let folder = std::env::temp_dir().join(format!("haversack-hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut failures = Vec::new();
    for batch in cases().chunks(CASES_PER_PROCESS) {
        let paths = batch.iter().enumerate().map(|(number, case)| {
            let path = folder.join(format!("{number}.{}", case.extension));
            std::fs::write(&path, &case.bytes).unwrap();
            path
        });
        let paths = std::env::join_paths(paths).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["read_some_files", "--exact", "--nocapture"])
            .env(FILES, paths)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout).into_owned();
        let answers = said.lines().filter_map(|line| line.strip_prefix("answer "));
        for (case, answer) in batch.iter().zip(answers) {
            println!("{}, {} bytes: {answer}", case.name, case.bytes.len());
        }
        let peak = said.lines().find_map(|line| line.strip_prefix("peak ")?.parse::<u64>().ok());
        match peak {
            Some(peak) if child.status.success() && peak <= most_bytes() => {}
            _ => failures.push(format!(
                "{:?}: {}, peak {peak:?} of {}\n{said}{}",
                batch.iter().map(|case| &case.name).collect::<Vec<_>>(),
                child.status,
                most_bytes(),
                String::from_utf8_lossy(&child.stderr)
            )),
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Does nothing unless it runs in a process of [`each_file_is_answered_within_its_memory`].
#[test]
fn read_some_files() {
    let Some(paths) = std::env::var_os(FILES) else { return };
    let reader = move || {
        for path in std::env::split_paths(&paths) {
            let bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match extract(Source { name: &name, mime: None, bytes: &bytes }, &limits()) {
                Ok(extracted) => {
                    println!("answer {} bytes of text", extracted.documents[0].text.len());
                }
                Err(error) => println!("answer {}", error.to_string().replace('\n', " ")),
            }
        }
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(reader).unwrap().join().unwrap();
    let mut status = String::new();
    std::fs::File::open("/proc/self/status").unwrap().read_to_string(&mut status).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").trim().parse().unwrap();
    println!("peak {}", kilobytes * 1024);
}

/// Limits that were chosen too small would make all of the above pass.
#[test]
fn ordinary_files_are_read_within_the_same_limits() {
    for (name, bytes) in [
        ("a.pdf", include_bytes!("../../testdata/small.pdf").as_slice()),
        ("a.docx", include_bytes!("../../testdata/small.docx")),
        ("a.html", include_bytes!("../../testdata/page.html")),
    ] {
        let extracted = extract(Source { name, mime: None, bytes }, &limits()).unwrap();
        assert_eq!(extracted.skipped, [], "{name}");
    }
    let ordinary = extract(Source { name: "a.pdf", mime: None, bytes: &pdf::ordinary() }, &limits()).unwrap();
    assert_eq!(ordinary.documents[0].text, "In a stream");
    assert_eq!(ordinary.skipped, []);
}
