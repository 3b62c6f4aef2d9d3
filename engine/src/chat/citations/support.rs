//! The sentences of a passage that a claim rests on.

use super::claims::Claim;
use crate::llm::extractive::terms::{is_dense, terms};
use crate::seam::{Slices, Work};
use crate::sentences::{Kind, blocks, of_block};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// What a number and a name weigh, beside any other word.
const NUMBER: f32 = 3.0;
const NAME: f32 = 1.6;
/// A word that the whole passage lacks: the claim may say it in words of its own.
const ABSENT: f32 = 0.5;
/// A sentence holds so much of a claim at least, and of so many words' weight.
const SHARE_MIN: f32 = 0.25;
const WEIGHT_MIN: f32 = 2.0;
/// A further sentence adds so much of the claim.
const ADDS_MIN: f32 = 0.2;
/// A sentence that stands in front of the claim is looked for with more care.
const BEFORE_SHARE_MIN: f32 = 0.5;
/// Sentences that one claim rests on.
const SENTENCES_MAX: usize = 3;
/// Bytes of a passage that are read at once.
const PART_BYTES: usize = 16 << 10;

/// What a text says, by words: each once, with its weight.
type Words = BTreeMap<String, f32>;

/// The sentences of `passage` that some claims rest on, in the order of the text: bytes of it.
pub(crate) async fn support(slices: &mut Slices, passage: &str, claims: &[&Claim]) -> Vec<Range<usize>> {
    let claimed: Vec<(Words, f32)> = claims
        .iter()
        .flat_map(|claim| {
            let before = claim.before.iter().map(|said| (words(said), BEFORE_SHARE_MIN));
            std::iter::once((words(&claim.said), SHARE_MIN)).chain(before)
        })
        .filter(|(words, _)| !words.is_empty())
        .collect();
    let wanted: BTreeSet<&str> =
        claimed.iter().flat_map(|(words, _)| words.keys().map(String::as_str)).collect();
    let sentences = read(slices, passage, &wanted).await;
    let mut found: BTreeSet<usize> = BTreeSet::new();
    for (words, least) in &claimed {
        found.extend(best(words, *least, &sentences));
        slices.spend(Work::Records(sentences.len() + 1)).await;
    }
    found.into_iter().filter_map(|at| sentences.get(at)).map(|sentence| sentence.span.clone()).collect()
}

/// A sentence with those of its words that are looked for.
struct Sentence<'w> {
    span: Range<usize>,
    holds: BTreeSet<&'w str>,
}

async fn read<'w>(slices: &mut Slices, passage: &str, wanted: &BTreeSet<&'w str>) -> Vec<Sentence<'w>> {
    let mut out: Vec<Sentence<'w>> = Vec::new();
    let mut at = 0;
    while at < passage.len() {
        let rest = passage.get(at..).unwrap_or_default();
        let most = rest.floor_char_boundary(PART_BYTES);
        let cut = (most < rest.len())
            .then(|| ["\n\n", "\n", " "].iter().find_map(|end| Some(rest[..most].rfind(end)? + end.len())))
            .flatten();
        let part = &rest[..cut.unwrap_or(most.max(1))];
        for block in blocks(part) {
            if matches!(block.kind, Kind::Title(_)) {
                continue;
            }
            let header =
                block.header.as_ref().and_then(|header| part.get(header.clone())).unwrap_or_default();
            for span in of_block(part, &block) {
                let said = part.get(span.clone()).unwrap_or_default();
                let words = words(&format!("{said} {header}"));
                let holds = words.keys().filter_map(|word| wanted.get(word.as_str()).copied()).collect();
                out.push(Sentence { span: at + span.start..at + span.end, holds });
            }
        }
        at += part.len();
        slices.spend(Work::Words(3 * part.len())).await;
    }
    out
}

/// The sentences that say most of a claim, and together no more than it.
fn best(claim: &Words, least: f32, sentences: &[Sentence<'_>]) -> Vec<usize> {
    let count = sentences.len().max(1) as f32;
    let weigh = |(word, weight): (&String, &f32)| {
        let holding =
            sentences.iter().filter(|sentence| sentence.holds.contains(word.as_str())).count() as f32;
        // A word that few sentences have tells more.
        let tells = if holding > 0.0 { 1.0 + (count - holding) / count } else { ABSENT };
        (word.clone(), (*weight, weight * tells))
    };
    let weights: BTreeMap<String, (f32, f32)> = claim.iter().map(weigh).collect();
    let total: f32 = weights.values().map(|(_, weight)| weight).sum();
    let mut left: BTreeSet<&str> = weights.keys().map(String::as_str).collect();
    let mut found: Vec<usize> = Vec::new();
    while found.len() < SENTENCES_MAX {
        let mut next: Option<(usize, f32)> = None;
        for (at, sentence) in sentences.iter().enumerate() {
            let sum = |all: bool| -> (f32, f32) {
                let held = sentence.holds.iter().filter(|word| all || left.contains(**word));
                held.filter_map(|word| weights.get(*word))
                    .fold((0.0, 0.0), |sum, (own, told)| (sum.0 + own, sum.1 + told))
            };
            let ((own, held), (_, adds)) = (sum(true), sum(false));
            let share = if found.is_empty() { held >= least * total } else { adds >= ADDS_MIN * total };
            let enough = share && own >= WEIGHT_MIN.min(total);
            if enough && !found.contains(&at) && next.is_none_or(|(_, best)| adds > best) {
                next = Some((at, adds));
            }
        }
        let Some((at, _)) = next else { break };
        if let Some(sentence) = sentences.get(at) {
            sentence.holds.iter().for_each(|word| {
                left.remove(word);
            });
        }
        found.push(at);
    }
    found
}

/// What the words of a text weigh together.
pub(super) fn weight(text: &str) -> f32 {
    words(text).values().sum()
}

/// The words of a text that say something, numbers and names above all.
fn words(text: &str) -> Words {
    let mut words = Words::new();
    let mut add = |word: String, weight: f32| {
        let known = words.entry(word).or_insert(0.0);
        *known = known.max(weight);
    };
    let mut rest = text;
    let mut begins = true;
    while let Some(first) = rest.chars().next() {
        let dense = is_dense(first);
        let end = rest.find(|c| is_dense(c) != dense).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if dense {
            terms(run).into_iter().for_each(|pair| add(pair, 1.0));
        } else {
            numbers(run, &mut |number| add(format!("#{number}"), NUMBER));
            for word in run.unicode_words() {
                let name = !begins && word.chars().next().is_some_and(char::is_uppercase);
                begins = false;
                if word.chars().all(|c| !c.is_alphabetic()) {
                    continue;
                }
                let code = word.chars().any(char::is_numeric);
                let weight = if code {
                    NUMBER
                } else if name {
                    NAME
                } else {
                    1.0
                };
                terms(word).into_iter().for_each(|term| add(term, weight));
            }
        }
        rest = after;
    }
    words
}

/// The numbers of a text, by their digits alone: `1,900`, `1.900` and `1900` are the same.
fn numbers(text: &str, found: &mut impl FnMut(&str)) {
    let mut number = String::new();
    let mut between = None;
    for c in text.chars() {
        match digit(c) {
            Some(digit) => {
                between = None;
                number.push(digit);
            }
            // One sign between two digits.
            None if !number.is_empty()
                && between.is_none()
                && matches!(c, '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '٫' | '٬') =>
            {
                between = Some(c);
            }
            None => {
                if !number.is_empty() {
                    found(&number);
                    number.clear();
                }
                between = None;
            }
        }
    }
    if !number.is_empty() {
        found(&number);
    }
}

/// A digit of any script that has ten of them in a row.
fn digit(c: char) -> Option<char> {
    const ZEROS: [char; 12] = ['0', '٠', '۰', '०', '০', '੦', '૦', '௦', '๐', '໐', '၀', '０'];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero)).filter(|value| *value < 10)?;
        char::from_digit(value, 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::slices;
    use futures_util::FutureExt;

    #[track_caller]
    fn check(claim: &str, text: &str, expected: &[&str]) {
        let claim = Claim { passage: 0, said: claim.to_owned(), before: Vec::new() };
        let spans = support(&mut slices(), text, &[&claim]).now_or_never().unwrap();
        let found: Vec<&str> = spans.into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, expected, "{}", claim.said);
    }

    const TARIFF: &str = "The second tier rises from 1.62 to 1.71 euros. The first tier stays at 0.98 euros. \
                          Leakage fell from 17.8 to 14.9 percent in the network of Lindau. Meters are read in May.";

    #[test]
    fn the_sentence_that_says_so_is_found() {
        check(
            "Water of the second tier will cost €1.71",
            TARIFF,
            &["The second tier rises from 1.62 to 1.71 euros."],
        );
        check(
            "In Lindau leakage is down to 14.9 %",
            TARIFF,
            &["Leakage fell from 17.8 to 14.9 percent in the network of Lindau."],
        );
        check("The meters are read in May", TARIFF, &["Meters are read in May."]);
    }

    #[test]
    fn a_claim_may_rest_on_two_sentences() {
        check(
            "The first tier stays at 0.98 euros and meters are read in May",
            TARIFF,
            &["The first tier stays at 0.98 euros.", "Meters are read in May."],
        );
    }

    #[test]
    fn without_support_there_is_none() {
        check("The mayor was elected in 1987 by a large majority", TARIFF, &[]);
        check("", TARIFF, &[]);
    }

    #[test]
    fn rows_and_items_count_as_sentences() {
        let text = "# Prices\n\n| Guest | Price |\n|---|---|\n| member | 14 |\n| visitor | 21 |\n\n- bring a sleeping bag\n- no dogs\n";
        check("A visitor pays a price of 21", text, &["| visitor | 21 |"]);
        check("You should bring a sleeping bag", text, &["bring a sleeping bag"]);
    }

    #[test]
    fn every_script_is_compared() {
        check("停车场位于地下二层", "食堂在一楼。停车场在地下二层。会议室要预约。", &["停车场在地下二层。"]);
        check(
            "駐車場は地下二階です",
            "食堂は一階です。駐車場は地下二階にあります。",
            &["駐車場は地下二階にあります。"],
        );
        check(
            "السعر ٤٥ ريالا للموقف",
            "القاعة مغلقة. سعر الموقف 45 ريالا. المطعم مفتوح.",
            &["سعر الموقف 45 ريالا."],
        );
        check("पार्किंग का शुल्क २० रुपये है", "भोजन मुफ़्त है। पार्किंग शुल्क 20 रुपये है।", &["पार्किंग शुल्क 20 रुपये है।"]);
        check(
            "Плата составляет 500 рублей",
            "Вход свободный. Оплата стоянки 500 рублей в сутки.",
            &["Оплата стоянки 500 рублей в сутки."],
        );
    }

    #[test]
    fn numbers_are_the_same_in_every_notation() {
        let of = |text: &str| {
            let mut found = Vec::new();
            numbers(text, &mut |number| found.push(number.to_owned()));
            found
        };
        assert_eq!(of("1,900 and 1.900 and ١٩٠٠, 3. 4"), ["1900", "1900", "1900", "3", "4"]);
    }
}
