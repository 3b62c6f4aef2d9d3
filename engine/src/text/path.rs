//! Paths as clients send them, made harmless without a file system (reference §6.2).
//!
//! Everything here is lexical. `/` and `\` both separate, wherever the engine runs; percent-encodings are
//! never decoded and no character is ever narrowed or folded to another one, so nothing can turn into `..`
//! later. A host that maps names to real files still has to keep symbolic links out.

use std::fmt;

use icu_normalizer::DecomposingNormalizerBorrowed;
use unicode_general_category::{GeneralCategory, get_general_category};

use super::words::{is_js_space, js_trim};

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// It names nothing, or the root itself.
    Invalid,
    /// It holds a control character or a backslash, or starts with a drive letter.
    Character,
    /// A part of it is `.` or `..`, or could become so on some system.
    Parent,
    /// It is not of the form `folder/file.json`.
    Form,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathError::Invalid => "Invalid path.",
            PathError::Character => "Invalid path. Remove control characters, backslashes and drive letters.",
            PathError::Parent => "Invalid path. Folder and file need a name of their own.",
            PathError::Form => "Invalid path. Name the document as folder/file.json.",
        })
    }
}

impl std::error::Error for PathError {}

/// `path` in normal form: trimmed, `.` and `..` resolved, and what would still lead above its start taken
/// away. `../../etc/passwd` gives `etc/passwd`; a leading or trailing slash stays; `..` alone gives an empty
/// path, as clients know it.
///
/// An absolute path stays absolute: check it with [`is_within`] before it is joined to anything.
///
/// # Errors
///
/// [`PathError::Invalid`] if nothing but the place itself is left (empty, `.`, `/`, `foo/..`);
/// [`PathError::Character`] for a NUL.
pub fn normalize_path(path: &str) -> Result<String, PathError> {
    let path = js_trim(path);
    if path.contains('\0') {
        return Err(PathError::Character);
    }
    let absolute = path.starts_with(SEPARATORS);
    let mut parts = Vec::new();
    let mut left_start = false;
    for part in path.split(SEPARATORS) {
        // Spaces around a name are trimmed at the ends of the path below, so they must not hide a `..` here.
        match js_trim(part) {
            "" | "." => {}
            ".." => left_start |= parts.pop().is_none() && !absolute,
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        return if left_start { Ok(String::new()) } else { Err(PathError::Invalid) };
    }
    let start = if absolute { "/" } else { "" };
    let end = if path.ends_with(SEPARATORS) { "/" } else { "" };
    Ok(js_trim(&format!("{start}{}{end}", parts.join("/"))).to_owned())
}

/// Whether `inner` lies strictly inside `outer`. A path is not inside itself.
///
/// Both must be absolute or both relative. A path that leads above its start, holds a NUL or a backslash, or
/// names a drive (`C:`) is inside nothing and holds nothing.
pub fn is_within(outer: &str, inner: &str) -> bool {
    let (Some(outer_parts), Some(inner_parts)) = (resolve(outer), resolve(inner)) else { return false };
    outer.starts_with('/') == inner.starts_with('/')
        && inner_parts.len() > outer_parts.len()
        && inner_parts.starts_with(&outer_parts)
}

/// The folder and the file of a stored document's path, which has exactly two levels:
/// `custom-documents/notes.txt-1.json` (§6.1).
///
/// The path is taken as it is: nothing is trimmed, resolved or decoded.
///
/// # Errors
///
/// A [`PathError`] for anything but two proper names with one `/` between them, the second ending in `.json`.
/// For clients this is a document that does not exist (§6.2).
pub fn folder_and_file(docpath: &str) -> Result<(&str, &str), PathError> {
    if docpath.is_empty() {
        return Err(PathError::Invalid);
    }
    let (folder, file) = docpath.split_once('/').ok_or(PathError::Form)?;
    check_name(folder)?;
    check_name(file)?;
    if file.contains('/') || file.len() <= JSON.len() || !file.ends_with(JSON) {
        return Err(PathError::Form);
    }
    Ok((folder, file))
}

/// Checks that `name` can be one level of a path on any system: the name of a folder or of a file.
///
/// # Errors
///
/// [`PathError::Invalid`] if it is empty, [`PathError::Character`] or [`PathError::Parent`] if it could be
/// read as another place. A `/` inside is for the caller to refuse.
pub fn check_name(name: &str) -> Result<(), PathError> {
    if name.is_empty() {
        return Err(PathError::Invalid);
    }
    if name.contains(|ch: char| ch.is_control() || ch == '\\') || has_drive(name) {
        return Err(PathError::Character);
    }
    // Some systems drop dots and spaces at the end, so a name of nothing else is a parent or the place itself.
    if name.chars().all(|ch| ch == '.' || is_blank(ch)) {
        return Err(PathError::Parent);
    }
    // We never fold characters, but what is behind us might: `．．／x` and `‥／x` must not climb then either.
    if !name.is_ascii() {
        let folded = DecomposingNormalizerBorrowed::new_nfkd().normalize(name);
        if folded.split(SEPARATORS).any(|part| matches!(part.trim_matches(is_blank), "." | "..")) {
            return Err(PathError::Parent);
        }
    }
    Ok(())
}

const SEPARATORS: [char; 2] = ['/', '\\'];
const JSON: &str = ".json";

/// Whether `ch` leaves no ink: white space in any language's mind, and marks of zero width.
fn is_blank(ch: char) -> bool {
    ch.is_whitespace() || is_js_space(ch) || get_general_category(ch) == GeneralCategory::Format
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// The levels of a path, or `None` if it is not one that can be inside another.
fn resolve(path: &str) -> Option<Vec<&str>> {
    if path.contains(['\0', '\\']) || has_drive(path) {
        return None;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn normal_form_is_the_one_clients_know() {
        for (path, normal) in [
            ("../../etc/passwd", "etc/passwd"),
            ("a/../../b", "b"),
            ("a/./b//c", "a/b/c"),
            ("/abs/x", "/abs/x"),
            (" x ", "x"),
            ("..", ""),
            ("a/b/", "a/b/"),
            ("/../x", "/x"),
        ] {
            assert_eq!(normalize_path(path).as_deref(), Ok(normal), "{path:?}");
        }
        for path in ["", "  ", ".", "/", "foo/..", "./", "/.."] {
            let error = normalize_path(path).unwrap_err();
            assert_eq!(error.to_string(), "Invalid path.", "{path:?}");
        }
    }

    #[test]
    fn backslashes_climb_no_higher_than_slashes() {
        assert_eq!(normalize_path(r"..\..\evil.txt").as_deref(), Ok("evil.txt"));
        assert_eq!(normalize_path(r"a\..\..\..\b").as_deref(), Ok("b"));
        assert_eq!(normalize_path(r"x/..\../y").as_deref(), Ok("y"));
    }

    #[test]
    fn spaces_do_not_hide_a_parent() {
        assert_eq!(normalize_path("..\t/x").as_deref(), Ok("x"));
        assert_eq!(normalize_path("a/.. /../ /x").as_deref(), Ok("x"));
    }

    #[test]
    fn inside_means_strictly_inside() {
        assert!(is_within("/data/documents", "/data/documents/a/b.json"));
        assert!(is_within("documents/", "documents/./a"));
        assert!(is_within("/", "/a"));
        for inner in
            ["/data/documents", "/data/documents/", "/data/documents2/x", "/data", "/data/documents/../x"]
        {
            assert!(!is_within("/data/documents", inner), "{inner:?}");
        }
        assert!(!is_within("/data", "data/x"));
        assert!(!is_within("", "../x"));
    }

    #[test]
    fn windows_paths_are_inside_nothing() {
        for inner in
            [r"C:\Windows\x", "C:/Windows/x", r"..\x", r"a\..\..\x", r"\\server\share", "c:x", "a\0b"]
        {
            assert!(!is_within("", inner), "{inner:?}");
        }
        assert!(!is_within(r"C:\data", r"C:\data\x"));
    }

    #[test]
    fn a_document_path_has_two_levels() {
        assert_eq!(
            folder_and_file("custom-documents/notes.txt-1.json"),
            Ok(("custom-documents", "notes.txt-1.json"))
        );
        assert_eq!(folder_and_file("会议／纪要/a..b.json"), Ok(("会议／纪要", "a..b.json")));
        for (path, error) in [
            ("", PathError::Invalid),
            ("notes.json", PathError::Form),
            ("/notes.json", PathError::Invalid),
            ("a/", PathError::Invalid),
            ("a/b/c.json", PathError::Form),
            ("a//c.json", PathError::Form),
            ("a/c.txt", PathError::Form),
            ("a/.json", PathError::Form),
            ("a/anythingllm.db", PathError::Form),
        ] {
            assert_eq!(folder_and_file(path), Err(error), "{path:?}");
        }
    }

    #[test]
    fn a_document_path_leads_nowhere_else() {
        for path in [
            "../a.json",
            "./a.json",
            "a/..",
            "../../a.json",
            ".. /a.json",
            "..\u{FEFF}/a.json",
            ".../a.json",
            "a/../b.json",
            "a/..\\..\\b.json",
            "..\\a/b.json",
            "C:/a.json",
            "c:evil/a.json",
            "a/C:b.json",
            "/etc/a.json",
            "\\\\server\\share/a.json",
            "a/b\0.json",
            "a/b\n.json",
            "a\u{7F}/b.json",
            "．．/a.json",
            "‥/a.json",
            "a/．．／b.json",
            "a/x＼‥＼b.json",
        ] {
            assert!(folder_and_file(path).is_err(), "{path:?}");
        }
    }

    /// A name that is narrowed to bytes turns `Į` (U+012E) into `.` and `į` (U+012F) into `/`. Ours is kept.
    #[test]
    fn wide_characters_stay_what_they_are() {
        assert_eq!(folder_and_file("ĮĮįetc/x.json"), Ok(("ĮĮįetc", "x.json")));
        assert_eq!(normalize_path("ĮĮįetc").as_deref(), Ok("ĮĮįetc"));
    }

    #[test]
    fn percent_encodings_stay_literal() {
        assert_eq!(folder_and_file("%2e%2e/%2fa.json"), Ok(("%2e%2e", "%2fa.json")));
        assert_eq!(folder_and_file("%2e%2e%2fa.json"), Err(PathError::Form));
        assert_eq!(normalize_path("%2e%2e/a").as_deref(), Ok("%2e%2e/a"));
        assert!(is_within("a", "a/%2e%2e/b"));
    }

    proptest! {
        #[test]
        fn normal_form_never_climbs(path in r"([./\\a ]|\.\.|[^a]){0,12}") {
            if let Ok(normal) = normalize_path(&path) {
                prop_assert!(normal.split(SEPARATORS).all(|part| part != ".."), "{:?}", normal);
                prop_assert!(!normal.contains(['\0', '\\']));
            }
        }

        #[test]
        fn folder_and_file_give_the_path_back(path in r"([./\\a:]|\.\.|[^a]){0,6}/([./\\a]|[^a]){0,4}\.json") {
            if let Ok((folder, file)) = folder_and_file(&path) {
                prop_assert_eq!(format!("{folder}/{file}"), path.clone());
                prop_assert!(is_within("", &path) && is_within(folder, &path));
                let normal = normalize_path(&path);
                prop_assert_eq!(normal.as_deref(), Ok(js_trim(&path)));
            }
        }
    }
}
