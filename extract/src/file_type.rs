//! The file types that are known, and those that are announced to clients.

use serde::Serialize;

use crate::Format;

/// A MIME type and the extensions of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FileType {
    /// MIME type, lower case.
    pub mime: &'static str,
    /// Extensions as AnythingLLM lists them, without the dot.
    pub extensions: &'static [&'static str],
    /// What such a file is read as. `text/plain` stands for several text formats; the extension tells which.
    pub format: Format,
}

/// Every type that AnythingLLM announces (reference §6.6), in its order. Not all of them are read here: pictures and
/// sound, for example, need models.
pub fn file_types() -> &'static [FileType] {
    FILE_TYPES
}

/// The types that are read, which `GET /v1/document/accepted-file-types` announces. Any other file that looks like
/// text is read too.
pub fn accepted_types() -> impl Iterator<Item = &'static FileType> {
    FILE_TYPES.iter().filter(|file_type| file_type.format.is_read())
}

const fn row(mime: &'static str, extensions: &'static [&'static str], format: Format) -> FileType {
    FileType { mime, extensions, format }
}

const FILE_TYPES: &[FileType] = &[
    row("text/plain", &["txt", "md", "org", "adoc", "rst"], Format::Text),
    row("text/html", &["html"], Format::Html),
    row("text/csv", &["csv"], Format::Csv),
    row("application/json", &["json"], Format::Json),
    row("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"], Format::Docx),
    row("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"], Format::Pptx),
    row("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"], Format::Xlsx),
    row("application/vnd.oasis.opendocument.text", &["odt"], Format::Odt),
    row("application/vnd.oasis.opendocument.presentation", &["odp"], Format::Odp),
    row("application/pdf", &["pdf"], Format::Pdf),
    row("application/mbox", &["mbox"], Format::Mbox),
    row("audio/wav", &["wav"], Format::Audio),
    row("audio/mpeg", &["mp3"], Format::Audio),
    row("audio/ogg", &["ogg", "oga"], Format::Audio),
    row("audio/opus", &["opus"], Format::Audio),
    row("audio/mp4", &["m4a"], Format::Audio),
    row("audio/x-m4a", &["m4a"], Format::Audio),
    row("audio/webm", &["webm"], Format::Audio),
    row("video/mp4", &["mp4"], Format::Audio),
    row("video/mpeg", &["mpeg"], Format::Audio),
    row("application/epub+zip", &["epub"], Format::Epub),
    row("image/png", &["png"], Format::Image),
    row("image/jpeg", &["jpg"], Format::Image),
    row("image/jpg", &["jpg"], Format::Image),
    row("image/webp", &["webp"], Format::Image),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_is_known_by_name() {
        for file_type in file_types() {
            for extension in file_type.extensions {
                assert!(Format::from_name(&format!("file.{extension}")).is_some(), "{extension}");
            }
        }
    }
}
