//! Slugs of workspaces, threads and files (reference §4.2, §5, §6.1, §6.5).
//!
//! Results are ASCII and hold nothing but letters, digits and `$ * _ + ~ . ( ) ' " ! : @ -`. All of them may
//! be empty, when no character of the name has a mapping; what to do then is for the caller to say.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::translit::{Mapped, transliterate};
use super::words::is_js_space;

/// Slug of a workspace: words and signs spelled out, lower case. `C++ & C#` gives `c-plus-plus-and-c`.
///
/// Empty if nothing maps (`日本語`): take a UUID then (§4.2).
pub fn workspace_slug(name: &str) -> String {
    thread_slug(name).to_ascii_lowercase()
}

/// Slug of a thread that the client names: as [`workspace_slug`], but the case is kept (§5).
pub fn thread_slug(name: &str) -> String {
    slugify(name, |ch| spelled_out(ch).map(Mapped::Text).or_else(|| transliterate(ch)))
}

/// Slug inside the name of a stored document: dots and case are kept. `My Doc v1.2 (final)!.pdf` gives
/// `My-Doc-v1.2-(final)!.pdf` (§6.1).
///
/// It may hold characters that file systems refuse; see [`strip_illegal_filename_chars`].
pub fn file_slug(name: &str) -> String {
    slugify(name, transliterate)
}

/// [`file_slug`] in lower case, for the folder of a spreadsheet's sheets (§6.1).
pub fn file_slug_lower(name: &str) -> String {
    file_slug(name).to_ascii_lowercase()
}

/// Slug of a raw text's title, without the `.txt` that is put behind it in titles: everything after the last
/// dot is dropped and the other dots become hyphens. `My Doc v1.2 final` gives `my-doc-v1` (§6.5).
pub fn raw_text_slug(title: &str) -> String {
    match title.rsplit_once('.') {
        Some((stem, _)) => file_slug_lower(&stem.replace('.', "-")),
        None => file_slug_lower(title),
    }
}

/// `name` without the characters that may not be part of a stored file's name: `< > : " / \ | ? *` and the
/// curly quotes U+2018 to U+201F (§6.1).
pub fn strip_illegal_filename_chars(name: &str) -> String {
    let illegal = ['<', '>', ':', '"', '/', '\\', '|', '?', '*'];
    name.chars().filter(|ch| !illegal.contains(ch) && !('\u{2018}'..='\u{201F}').contains(ch)).collect()
}

/// What the table for workspaces and threads has in place of the default (§4.2 rule 2).
fn spelled_out(ch: char) -> Option<&'static str> {
    Some(match ch {
        '+' => " plus ",
        '!' => " bang ",
        '@' => " at ",
        '*' => " splat ",
        '.' => " dot ",
        ':' | '~' | '(' | ')' | '\'' | '"' | '|' => "",
        _ => return None,
    })
}

fn slugify(name: &str, map: impl Fn(char) -> Option<Mapped>) -> String {
    let mut slug = Slug::default();
    for ch in ComposingNormalizerBorrowed::new_nfc().normalize_iter(name.chars()) {
        match map(ch) {
            Some(Mapped::Text(text)) => text.chars().for_each(|ch| slug.push(ch)),
            Some(Mapped::Letter(letter)) => slug.push(letter),
            None => slug.push(ch),
        }
    }
    slug.text
}

#[derive(Default)]
struct Slug {
    text: String,
    /// Whether white space or a hyphen came since the last character. Holding it back trims both ends and
    /// joins neighbours.
    gap: bool,
}

impl Slug {
    fn push(&mut self, ch: char) {
        if ch == '-' || is_js_space(ch) {
            self.gap = true;
        } else if ch.is_ascii_alphanumeric() || "$*_+~.()'\"!:@".contains(ch) {
            if self.gap && !self.text.is_empty() {
                self.text.push('-');
            }
            self.gap = false;
            self.text.push(ch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lines of input, [`file_slug`] and [`thread_slug`], as npm `slugify` 1.6.6 answers.
    fn recorded() -> impl Iterator<Item = (String, String, String)> {
        include_str!("testdata/slugs.jsonl").lines().map(|line| serde_json::from_str(line).unwrap())
    }

    #[test]
    fn slugs_are_those_of_the_recorded_table() {
        for (input, file, thread) in recorded() {
            assert_eq!(file_slug(&input), file, "file slug of {input:?}");
            assert_eq!(thread_slug(&input), thread, "thread slug of {input:?}");
        }
    }

    /// The recorded table holds every mapped character once, so what it does not hold has no mapping.
    #[test]
    fn no_other_character_is_mapped() {
        let known: std::collections::BTreeSet<char> =
            recorded().flat_map(|(input, ..)| input.chars().collect::<Vec<_>>()).collect();
        for ch in ('\u{80}'..=char::MAX).filter(|ch| !known.contains(ch) && !is_js_space(*ch)) {
            // Characters that normalise to a mapped one share its answer.
            if ComposingNormalizerBorrowed::new_nfc()
                .normalize_iter(std::iter::once(ch))
                .any(|part| known.contains(&part))
            {
                continue;
            }
            assert_eq!(file_slug(&ch.to_string()), "", "{ch:?} U+{:04X}", u32::from(ch));
        }
    }

    #[test]
    fn workspaces_spell_signs_out() {
        for (name, slug) in [
            ("My Workspace!", "my-workspace-bang"),
            ("C++ & C#", "c-plus-plus-and-c"),
            ("a.b", "a-dot-b"),
            ("50% off", "50percent-off"),
            ("x: y (z)", "x-y-z"),
            ("foo/bar", "foobar"),
            ("hello_world", "hello_world"),
            ("--a--", "a"),
            ("日本語", ""),
        ] {
            assert_eq!(workspace_slug(name), slug, "{name:?}");
        }
    }

    #[test]
    fn threads_keep_their_case() {
        assert_eq!(thread_slug("My Thread SLUG.v1"), "My-Thread-SLUG-dot-v1");
    }

    #[test]
    fn files_keep_case_and_dots() {
        for (name, slug) in [
            ("anythingllm.txt", "anythingllm.txt"),
            ("Résumé & Co.pdf", "Resume-and-Co.pdf"),
            ("a_b~c*d+e@f:g", "a_b~c*d+e@f:g"),
            ("Ünïcode Straße", "Unicode-Strasse"),
            ("Привет мир", "Privet-mir"),
            ("a/b\\c.txt", "abc.txt"),
            ("$100%", "dollar100percent"),
            ("My Doc v1.2 (final)!.pdf", "My-Doc-v1.2-(final)!.pdf"),
            ("报告 2024.pdf", "2024.pdf"),
            ("日本語", ""),
        ] {
            assert_eq!(file_slug(name), slug, "{name:?}");
        }
        assert_eq!(file_slug_lower("Budget 2024.xlsx-1a2b"), "budget-2024.xlsx-1a2b");
    }

    #[test]
    fn raw_text_titles_lose_what_follows_the_last_dot() {
        for (title, slug) in [
            ("hello-world.txt", "hello-world"),
            ("My Doc", "my-doc"),
            ("a.b.c", "a-b"),
            ("My Doc v1.2 final", "my-doc-v1"),
            ("日本語", ""),
        ] {
            assert_eq!(raw_text_slug(title), slug, "{title:?}");
        }
    }

    #[test]
    fn file_names_lose_what_file_systems_refuse() {
        assert_eq!(strip_illegal_filename_chars("a<b>c:d\"e/f\\g|h?i*j“k”‘l’.json"), "abcdefghijkl.json");
    }

    proptest! {
        #[test]
        fn a_slug_is_safe_to_put_anywhere(name: String) {
            for slug in [workspace_slug(&name), thread_slug(&name), file_slug(&name), raw_text_slug(&name)] {
                prop_assert!(slug.is_ascii() && !slug.contains(['/', '\\', '%', '\0', ' ', '<', '&']));
                prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
            }
        }

        #[test]
        fn a_slug_of_a_slug_is_itself(name: String) {
            let slug = file_slug(&name);
            prop_assert_eq!(file_slug(&slug), slug);
        }
    }
}
