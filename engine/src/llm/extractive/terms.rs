//! Words that carry meaning.

use super::stop_words::{RUNS, is_stop_word};
use unicode_segmentation::UnicodeSegmentation;

/// The stems of the words of `text` that are no stop words, in order, repeated as they come. Parts of
/// `snake_case` and `kebab-case` names count besides the whole. Scripts without spaces between words give each two
/// neighbouring letters.
pub(crate) fn terms(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let dense = is_dense(first);
        let end = rest.find(|c| is_dense(c) != dense).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match dense {
            true => pairs(run, &mut out),
            false => words(run, &mut out),
        }
        rest = after;
    }
    out
}

fn words(text: &str, out: &mut Vec<String>) {
    for word in text.unicode_words() {
        let word = word.to_lowercase().replace('’', "'");
        let word = word.strip_suffix("'s").unwrap_or(&word);
        // French and Italian: the article before an apostrophe.
        let word = word
            .split_once('\'')
            .filter(|(article, _)| article.chars().count() <= 2)
            .map_or(word, |(_, word)| word);
        if is_stop_word(word) {
            continue;
        }
        out.push(stem(word));
        if word.contains('_') {
            let parts = word.split('_').filter(|part| !part.is_empty() && !is_stop_word(part));
            out.extend(parts.map(stem));
        }
    }
}

/// Letters of scripts that are written without spaces between words, or whose words are compounds of short ones.
pub(crate) fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{0e01}'..='\u{0e4e}' | '\u{0e81}'..='\u{0ede}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17d3}'
        | '\u{3005}' | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Two neighbouring letters each, of what is left of a run without the words that say nothing; a single letter alone.
fn pairs(run: &str, out: &mut Vec<String>) {
    let mut rest = run;
    let mut kept = String::new();
    while let Some(first) = rest.chars().next() {
        match RUNS.iter().find(|word| rest.starts_with(**word)) {
            Some(word) => {
                flush(&mut kept, out);
                rest = &rest[word.len()..];
            }
            None => {
                rest = &rest[first.len_utf8()..];
                match is_particle(first, kept.chars().next_back(), rest) {
                    true => flush(&mut kept, out),
                    false => kept.push(first),
                }
            }
        }
    }
    flush(&mut kept, out);
}

/// A Japanese particle between words that are not written in hiragana, or a Korean one at the end of a word.
fn is_particle(c: char, before: Option<char>, after: &str) -> bool {
    let hiragana = |c: char| matches!(c, '\u{3041}'..='\u{309f}');
    match before {
        None => false,
        Some(before) if hiragana(c) => {
            "はがのにでともへ".contains(c)
                && !hiragana(before)
                && (!after.chars().next().is_some_and(hiragana)
                    || RUNS.iter().any(|word| after.starts_with(word)))
        }
        Some(_) => "은는이가을를에의도로와과".contains(c) && after.is_empty(),
    }
}

fn flush(kept: &mut String, out: &mut Vec<String>) {
    let letters: Vec<char> = kept.chars().collect();
    match letters.len() {
        0 => {}
        1 => out.push(kept.clone()),
        _ => out.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>())),
    }
    kept.clear();
}

/// A light stemmer. Both sides of a comparison go through it, so it need not be right, only regular.
fn stem(word: &str) -> String {
    let first = word.chars().next().unwrap_or(' ');
    match first {
        _ if word.contains(|c: char| c.is_numeric()) => word.to_owned(),
        _ if word.is_ascii() => english(word),
        '\u{0600}'..='\u{06ff}' => arabic(word),
        '\u{0590}'..='\u{05ff}' => without_first(word, "והבלכמש"),
        '\u{0900}'..='\u{0dff}' => {
            without_ends(word, &["ों", "ें", "ाँ", "ीं", "े", "ी", "ा", "ो", "ि", "ं"], 2).to_owned()
        }
        _ => beginning(word),
    }
}

/// The beginning of a long word of a language with endings: what they change is left out.
fn beginning(word: &str) -> String {
    let letters = word.chars().count();
    let kept = match letters {
        0..=4 => letters,
        5..=7 => letters - 1,
        _ => (letters - 2).min(8),
    };
    word.chars().take(kept).collect()
}

fn without_ends<'w>(word: &'w str, ends: &[&str], keep: usize) -> &'w str {
    let cut = ends.iter().find_map(|end| word.strip_suffix(end));
    cut.filter(|cut| cut.chars().count() >= keep).unwrap_or(word)
}

fn without_first(word: &str, letters: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) if letters.contains(first) && word.chars().count() >= 4 => chars.as_str().to_owned(),
        _ => word.to_owned(),
    }
}

/// Without vowel signs, the article, and the endings of number and gender; letters that are often written for each other
/// are one.
fn arabic(word: &str) -> String {
    let plain: String = word
        .chars()
        .filter(|c| !matches!(c, '\u{0640}' | '\u{064b}'..='\u{0652}' | '\u{0670}'))
        .map(|c| match c {
            'أ' | 'إ' | 'آ' => 'ا',
            'ى' => 'ي',
            'ة' => 'ه',
            other => other,
        })
        .collect();
    let starts = ["وال", "بال", "كال", "فال", "لل", "ال"];
    let cut =
        starts.iter().find_map(|start| plain.strip_prefix(start)).filter(|cut| cut.chars().count() >= 2);
    without_ends(cut.unwrap_or(&plain), &["ات", "ون", "ين", "ها", "ه"], 3).to_owned()
}

/// English: endings of number and tense.
fn english(word: &str) -> String {
    let mut stem = word.to_owned();
    if word.len() < 4 {
        return stem;
    }
    if stem.ends_with("ies") && stem.len() > 4 {
        stem.truncate(stem.len() - 3);
        stem.push('y');
    } else if stem.ends_with('s') && !stem.ends_with("ss") && !stem.ends_with("us") && !stem.ends_with("is") {
        let es = ["sses", "ches", "shes", "xes", "zes"].iter().any(|end| stem.ends_with(end));
        stem.truncate(stem.len() - if es { 2 } else { 1 });
    }
    // Twice, since what is left may end like a tense itself: "embedding", "embed".
    for _ in 0..2 {
        let root = ["ing", "ed", "ly"].iter().find_map(|end| stem.strip_suffix(end));
        if let Some(root) =
            root.filter(|root| root.len() >= 3 && root.contains(['a', 'e', 'i', 'o', 'u', 'y']))
        {
            stem = undouble(root);
        }
    }
    // "manage", "managed" and "managing" meet without their e.
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

/// "stopp" is "stop"; "fill" stays.
fn undouble(root: &str) -> String {
    let bytes = root.as_bytes();
    let doubled = bytes.len() > 3
        && bytes[bytes.len() - 1] == bytes[bytes.len() - 2]
        && !matches!(bytes[bytes.len() - 1], b'l' | b's' | b'z' | b'e' | b'o');
    root[..root.len() - usize::from(doubled)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            "manage managed managing manages",
            "stop stops stopped stopping",
            "city cities",
            "box boxes",
            "install installed installing installs",
            "arch arches",
            "embed embedding embedded embeds",
            "мастерская мастерской мастерскую",
            "الموقف موقف بالموقف",
            "चाबियों चाबियें",
        ] {
            let stems = terms(forms);
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{stems:?}");
        }
        assert_eq!(terms("bus"), ["bus"]);
        for different in ["process proceed", "string str"] {
            let stems = terms(different);
            assert_ne!(stems[0], stems[1]);
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(terms("What is the otter’s favourite fish?"), ["otter", "favourit", "fish"]);
        assert_eq!(terms("停车场在哪里？"), ["停车", "车场"]);
        assert_eq!(terms("駐車場はどこですか"), ["駐車", "車場"]);
        assert_eq!(terms("주차장은 어디입니까"), ["주차", "차장"]);
        assert_eq!(terms("Où est la clé de l’atelier ?"), ["clé", "atelier"]);
    }

    #[test]
    fn names_count_whole_and_in_parts() {
        assert_eq!(
            terms("max_tokens of gpt-4"),
            ["max_tokens", "max", "token", "gpt", "4"]
                .map(|t| { if t == "max_tokens" { "max_token" } else { t } })
        );
    }
}
