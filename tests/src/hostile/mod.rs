//! Files that are made to harm whatever reads them. Each is one idea, small to send, and the same at every run.
//!
//! A server may refuse any of them; it may not fall over, take more memory than its cap, or go on working when it has
//! answered. `tests/suite/hostile` sends them to a real server, and `cargo xtask bench soak` under load.

mod deflate;
mod docx;
mod html;
pub mod pdf;
mod text;
pub mod wire;
mod zip;

/// What a server may have in memory whatever it is sent, in MB: all files that are read at once, and everything else.
pub const MEMORY_MB: f64 = 2560.0;

/// A file and its name, whose ending says what it claims to be.
pub struct HostileFile {
    /// For example `pdf-first-char.pdf`.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Something that makes a file.
type Make = fn() -> Vec<u8>;

/// All of them: their names and how they are made. Some take a moment to make.
fn table() -> Vec<(String, Make)> {
    let of = |ending: &'static str, files: &[(&str, Make)]| -> Vec<(String, Make)> {
        files.iter().map(|(name, make)| (format!("{ending}-{name}.{ending}"), *make)).collect()
    };
    let mut all = Vec::new();
    for files in [&pdf::fonts::FILES[..], &pdf::streams::FILES, &pdf::tables::FILES, &pdf::pages::FILES] {
        all.extend(of("pdf", files));
    }
    for files in [&html::FILES[..], &html::WIDE] {
        all.extend(of("html", files));
    }
    for files in [&docx::FILES[..], &docx::ARCHIVES] {
        all.extend(of("docx", files));
    }
    all.extend(text::FILES.iter().map(|(name, make)| ((*name).to_owned(), *make)));
    all
}

/// The names of all files.
pub fn names() -> Vec<String> {
    table().into_iter().map(|(name, _)| name).collect()
}

/// The file with this name, if there is one.
pub fn file(name: &str) -> Option<HostileFile> {
    let (name, make) = table().into_iter().find(|(known, _)| known == name)?;
    Some(HostileFile { name, bytes: make() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_small_the_same_each_time_and_named_once() {
        let mut names = names();
        assert!(names.len() > 80, "{}", names.len());
        for name in &names {
            let made = file(name).unwrap();
            assert!(!made.bytes.is_empty() && made.bytes.len() <= 12 << 20, "{name}: {}", made.bytes.len());
            assert!(made.bytes == file(name).unwrap().bytes, "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), super::names().len());
    }
}
