//! Examples of rewriting, and that pieces make no difference.

use super::*;
use proptest::prelude::*;

const FOUR: Numbering = Numbering { passages: 4, first: 1, shown: true };

fn rewritten(numbering: Numbering, pieces: &[&str]) -> (String, Rewriter) {
    let mut rewriter = Rewriter::new(numbering);
    let mut out = String::new();
    for piece in pieces {
        if let Some(first) = piece.chars().next() {
            out.push_str(&rewriter.release_before(first));
        }
        out.push_str(&rewriter.push(piece));
    }
    out.push_str(&rewriter.finish());
    (out, rewriter)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(rewritten(FOUR, &[text]).0, expected);
}

#[test]
fn the_first_passage_cited_is_number_one() {
    let (text, rewriter) = rewritten(FOUR, &["Oars hang inside [3]. Lamps too [1][3], ropes [CONTEXT 2]."]);
    assert_eq!(text, "Oars hang inside [1]. Lamps too [2][1], ropes [3].");
    assert_eq!(rewriter.order(), [2, 0, 1]);
    let marks: Vec<&str> = rewriter.marks().iter().map(|mark| &text[mark.start..mark.end]).collect();
    assert_eq!(marks, ["[1]", "[2]", "[1]", "[3]"]);
}

#[test]
fn every_form_becomes_one() {
    check("a claim [2, 4] and [1-2].", "a claim [1][2] and [3][1].");
    check("Claim【2†source】. Claim [^3]. Claim [Source 2].", "Claim[1]. Claim [2]. Claim [1].");
    check("It costs 14 euros[2].", "It costs 14 euros[1].");
    check("费用是十四元[2]。", "费用是十四元[1]。");
}

#[test]
fn numbers_that_name_nothing_go_with_the_space_before() {
    check("A claim [7]. Another [0] one [2] [9].", "A claim. Another one [1].");
    check("Ends with one [5]", "Ends with one");
    check("Some of them [3, 8].", "Some of them [1].");
}

#[test]
fn what_is_no_citation_stays() {
    for text in [
        "Use `a[1]` and ``b[2] ` c[3]``.",
        "```js\nlet x = rows[1];\n```\n",
        "~~~\n[1]\n~~~\n",
        "See [the list](http://x/[1]) and [1](http://x).",
        "- [x] done\n- [ ] open",
        "Then x[1] = rows[2].name, items[0], m[1][2] and get(a)[1].",
        "[^1]: A note.\n[2]: http://x",
        "In [2024] and [sic], an interval [0, 1], half of a [1",
        "A reference [text][1] and \\[1\\].",
    ] {
        check(text, text);
    }
    check("After `code` [2] and ```span``` [3].", "After `code` [1] and ```span``` [2].");
    check("```\na[1]\n```\nClaim [2].", "```\na[1]\n```\nClaim [1].");
    check("A stray ` tick.\n\nClaim [2].", "A stray ` tick.\n\nClaim [1].");
}

#[test]
fn thoughts_count_for_nothing() {
    let (text, rewriter) = rewritten(FOUR, &["<think>[3] or [1]?</think>It is so [4]."]);
    assert_eq!(text, "<think>[3] or [1]?</think>It is so [1].");
    assert_eq!(rewriter.order(), [3]);
}

#[test]
fn a_prompt_that_counts_from_zero_is_understood() {
    let zero = Numbering { first: 0, ..FOUR };
    assert_eq!(rewritten(zero, &["So [CONTEXT 0], and so [3]."]).1.order(), [0, 3]);
    // Only counting from 1 has a fourth.
    assert_eq!(rewritten(zero, &["So [4], and so [1]."]).1.order(), [3, 0]);
}

#[test]
fn visitors_get_no_numbers() {
    let hidden = Numbering { shown: false, ..FOUR };
    let (text, rewriter) = rewritten(hidden, &["Oars hang inside [3]. Lamps too [1][3]."]);
    assert_eq!(text, "Oars hang inside. Lamps too.");
    assert_eq!(rewriter.order(), [2, 0]);
    assert_eq!(without_numbers("Inside [1]. See `a[1]` [2]."), "Inside. See `a[1]`.");
}

#[test]
fn without_passages_a_text_stays_as_it_is() {
    let none = Numbering { passages: 0, first: 1, shown: true };
    assert_eq!(rewritten(none, &["As shown [1] ", "in [2]"]).0, "As shown [1] in [2]");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn pieces_make_no_difference(
        parts in prop::collection::vec(
            "\\[[0-9]{1,2}\\]|\\[[1-4], ?[0-4]\\]|\\[CONTEXT [0-4]\\]|【[1-5]†s】|\\[\\^1\\]|\\[x\\]|\\[[a-z]{1,3}\\]\\(u\\)|`{1,4}|~~~|\n|\n\n|[a-z]{1,4}| {1,2}|\\.|\\(|:|\\\\|é|水|<think>|</think>|a\\[1\\]|\\[|\\]|[0-9]|\u{a0}",
            0..30,
        ),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        first in 0u32..2,
        shown in any::<bool>(),
    ) {
        let numbering = Numbering { passages: 4, first, shown };
        let text = parts.concat();
        let (whole, at_once) = rewritten(numbering, &[&text]);
        let mut places: Vec<usize> = cuts.iter().map(|cut| text.floor_char_boundary(cut.index(text.len() + 1))).collect();
        places.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for to in places.into_iter().chain([text.len()]) {
            pieces.push(&text[from..to]);
            from = to;
        }
        let (joined, by_pieces) = rewritten(numbering, &pieces);
        prop_assert_eq!(&joined, &whole);
        prop_assert_eq!(by_pieces.marks(), at_once.marks());
        for mark in at_once.marks() {
            prop_assert!(whole.get(mark.start..mark.end).is_some_and(|mark| mark.is_empty() || mark.starts_with('[')));
        }
    }
}
