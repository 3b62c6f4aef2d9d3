//! Words of Arabic and Hebrew, whose article, prepositions and conjunction are written to the word.

/// The forms of a normalised Arabic word: without article and endings (after *light10* of Larkey, Ballesteros and Connell,
/// 2007), and also without a preposition where that may be one.
pub(super) fn arabic(word: &str) -> Vec<String> {
    let mut rest = without(word, &["و"], 3);
    rest = without(rest, &["وال", "بال", "كال", "فال", "ال", "لل"], 2);
    let had_article = rest.len() + 2 < word.len();
    let mut forms = vec![arabic_stem(rest)];
    if !had_article {
        let bare = without(rest, &["ب", "ل", "ف", "ك"], 3);
        if bare.len() < rest.len() {
            forms.push(arabic_stem(bare));
        }
    }
    forms
}

fn arabic_stem(word: &str) -> String {
    let mut rest = word;
    for ending in ["ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي"] {
        rest = rest.strip_suffix(ending).filter(|rest| rest.chars().count() >= 2).unwrap_or(rest);
    }
    rest.to_owned()
}

/// The forms of a normalised Hebrew word: as it is, and without each beginning that may be a prefix.
pub(super) fn hebrew(word: &str) -> Vec<String> {
    const PAIRS: [&str; 15] =
        ["וה", "שה", "מה", "כש", "בה", "לה", "כה", "וב", "ול", "ומ", "וש", "שב", "של", "שמ", "וכ"];
    let mut forms = vec![hebrew_stem(word)];
    let mut add = |rest: &str| {
        let form = hebrew_stem(rest);
        if rest.len() < word.len() && !forms.contains(&form) {
            forms.push(form);
        }
    };
    add(without(word, &["ה"], 2));
    add(without(word, &["ו", "ב", "ל", "מ", "ש", "כ"], 3));
    add(without(word, &PAIRS, 3));
    forms
}

fn hebrew_stem(word: &str) -> String {
    // The letters at the end of a word have their common form here.
    let rest = ["ימ", "ות"].into_iter().find_map(|ending| word.strip_suffix(ending));
    rest.filter(|rest| rest.chars().count() >= 2).unwrap_or(word).to_owned()
}

/// `word` without the first of these beginnings that it has, if so many letters are left.
fn without<'w>(word: &'w str, beginnings: &[&str], least: usize) -> &'w str {
    let rest = beginnings.iter().find_map(|beginning| word.strip_prefix(beginning));
    rest.filter(|rest| rest.chars().count() >= least).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::normal::normalize;

    #[track_caller]
    fn share_a_form(forms: fn(&str) -> Vec<String>, a: &str, b: &str) {
        let of = |word: &str| {
            let mut normal = String::new();
            normalize(word, &mut normal);
            forms(&normal)
        };
        assert!(of(a).iter().any(|form| of(b).contains(form)), "{a} {:?}, {b} {:?}", of(a), of(b));
    }

    #[test]
    fn the_article_and_what_is_before_it_are_taken_off() {
        for (a, b) in
            [("المكتبة", "مكتبة"), ("والمفتاح", "مفتاح"), ("بالسيارة", "سيارة"), ("للمدير", "المدير")]
        {
            share_a_form(arabic, a, b);
        }
        share_a_form(arabic, "موظفون", "الموظفين");
        share_a_form(arabic, "بعقد", "عقد");
        for (a, b) in [
            ("המפתח", "מפתח"),
            ("ובבניין", "בניין"),
            ("לחניה", "החניה"),
            ("מפתחות", "מפתח"),
            ("שהדוח", "דוח"),
        ] {
            share_a_form(hebrew, a, b);
        }
    }

    #[test]
    fn short_words_stay() {
        assert_eq!(arabic("ولد"), ["ولد"]);
        assert_eq!(hebrew("של"), ["של"]);
    }
}
