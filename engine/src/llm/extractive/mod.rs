//! Answers without a language model: the sentences of the documents that answer best, word for word,
//! each with its source.

mod blocks;
mod choose;
mod html;
mod inline;
mod marks;
mod question;
mod score;
mod sentences;
mod terms;
mod units;

use crate::seam::Slices;
use question::Question;
use std::fmt::Write;
use units::{Unit, fenced, listed};

/// Text that was found for a question.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'a> {
    /// The document's title, shown as the source.
    pub title: &'a str,
    /// A chunk, with or without its metadata header, or a whole document.
    pub text: &'a str,
}

/// What gives the vector of a text.
pub type Embed<'a> = dyn Fn(&str) -> Vec<f32> + Sync + 'a;

/// The line that says why nobody wrote an answer.
const WHY: &str = "_No language model is configured, so this only quotes your documents. For written answers set \
                   `LLM_PROVIDER`, for example to `ollama` (with `OLLAMA_MODEL_PREF`) or `openai` (with \
                   `OPEN_AI_KEY`)._";
const NOTHING: &str = "Nothing about this was found in the documents.";
/// The same for the public, who have no business with whose documents they are.
const LEAD: &str = "This is what was found:";
/// Best evidence below this says that the documents are about something else.
const UNRELATED: f32 = 0.18;
/// Below this the quotes are near the subject at most.
const UNSURE: f32 = 0.24;
/// Longest quote of one sentence, in characters.
const QUOTE_CHARS_MAX: usize = 480;

/// An answer in Markdown: up to four quotes in reading order with `[1]`-style references, the titles of the
/// sources, and one line that says how to get written answers.
///
/// `passages` are best first. `embed` gives vectors of one length for any text (the built-in embedder);
/// its cosine and the overlap of words decide together. The same input gives the same bytes everywhere.
/// Without passages, or when none has to do with the question, the answer says so. A question that asks
/// what the documents are about, and nothing else, gets the beginnings of the passages.
pub async fn answer(
    slices: &mut Slices,
    question: &str,
    passages: &[Passage<'_>],
    embed: &Embed<'_>,
) -> String {
    let (mut text, sources) = quote(slices, question, passages, embed, true).await;
    if !sources.is_empty() {
        text.push_str("Sources:");
        for (i, title) in sources.iter().enumerate() {
            let _ = write!(text, "{} [{}] {title}", if i == 0 { "" } else { "," }, i + 1);
        }
        text.push_str("\n\n");
    }
    text + WHY
}

/// As [`answer`], without a word about where it comes from or how the server is set up.
pub async fn answer_in_public(
    slices: &mut Slices,
    question: &str,
    passages: &[Passage<'_>],
    embed: &Embed<'_>,
) -> String {
    quote(slices, question, passages, embed, false).await.0.trim_end().to_owned()
}

/// The quotes, with an empty line behind them, and the titles that their numbers stand for.
async fn quote<'a>(
    slices: &mut Slices,
    question: &str,
    passages: &[Passage<'a>],
    embed: &Embed<'_>,
    attributed: bool,
) -> (String, Vec<&'a str>) {
    let units = units::units(slices, passages).await;
    let asked = Question::new(question);
    let scored = score::score(slices, question, &asked, &units, passages.len(), embed).await;
    let best = scored.iter().take(3).map(|one| one.evidence).fold(0.0, f32::max);
    let (lead, chosen) = if asked.is_general() && !units.is_empty() {
        ("Among other things, your documents say:", choose::openings(&units))
    } else if best < UNRELATED {
        return (format!("{NOTHING}\n\n"), Vec::new());
    } else {
        let unsure = best < UNSURE;
        let lead = if unsure { "The closest passages in your documents:" } else { "From your documents:" };
        (lead, choose::choose(&asked, &units, &scored))
    };
    let mut text = format!("{}\n\n", if attributed { lead } else { LEAD });
    let mut sources: Vec<&str> = Vec::new();
    for quote in &chosen {
        let title = passages[units[quote[0]].passage].title;
        let number = match sources.iter().position(|known| *known == title) {
            Some(at) => at + 1,
            None => {
                sources.push(title);
                sources.len()
            }
        };
        text.push_str(&quoted(&units, quote, attributed.then_some(number)));
    }
    (text, sources)
}

/// Neighbouring units as one Markdown quotation.
fn quoted(units: &[Unit], quote: &[usize], number: Option<usize>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (i, at) in quote.iter().enumerate() {
        let unit = &units[*at];
        let together =
            i > 0 && units[quote[i - 1]].block == unit.block && units[quote[i - 1]].below.is_empty();
        let text = match unit.kind {
            blocks::Kind::Code => fenced(&unit.text),
            blocks::Kind::Item if !together => listed(&shortened(unit)),
            _ => shortened(unit),
        };
        match lines.last_mut() {
            Some(line) if together => {
                line.push(' ');
                line.push_str(&text);
            }
            _ => lines.push(text),
        }
        lines.extend(unit.below.iter().cloned());
    }
    let ends_in_code = lines.last().is_some_and(|line| line.ends_with("```"));
    match (number, lines.last_mut()) {
        (None, _) => {}
        (Some(number), Some(line)) if !ends_in_code => line.push_str(&format!(" [{number}]")),
        (Some(number), _) => lines.push(format!("[{number}]")),
    }
    let mut out = String::new();
    for line in lines.join("\n").lines() {
        out.push_str("> ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
    out
}

/// The unit's text, with an ellipsis where words are missing.
fn shortened(unit: &Unit) -> String {
    let mut text = unit.text.clone();
    if text.matches('`').count() % 2 == 1 {
        // Half of a span of code would turn the rest of the quotation into code.
        text = text.replace('`', "");
    }
    let cut = text.char_indices().nth(QUOTE_CHARS_MAX).and_then(|(end, _)| text[..end].rfind(' '));
    if let Some(cut) = cut {
        text.truncate(cut);
        text.push('…');
    } else if unit.cut_after {
        text.push('…');
    }
    if unit.cut_before { format!("…{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{in_run, slices};
    use futures_util::FutureExt;
    use proptest::prelude::*;

    /// Counts words into a few boxes: near for equal words, deterministic, and no model needed.
    fn embed(text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; 64];
        for term in terms::terms(text) {
            let hash =
                term.bytes().fold(7usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
            vector[hash % 64] += 1.0;
        }
        vector
    }

    fn chunk(title: &str, text: &str) -> String {
        format!(
            "<document_metadata>\nsourceDocument: {title}\npublished: 1/2/2024\n</document_metadata>\n\n{text}"
        )
    }

    #[test]
    fn what_is_it_about_gets_the_beginnings() {
        let text = "The lantern harbor opens at nine. Bring an anchor and a compass.";
        for question in ["What is this document about?", "Summarize the files", "what does it say"] {
            let answer = ask(question, &[("harbor.pdf", text)]);
            assert!(answer.contains("> The lantern harbor opens at nine."), "{answer}");
            assert!(answer.contains("[1] harbor.pdf"), "{answer}");
        }
    }

    fn ask(question: &str, documents: &[(&str, &str)]) -> String {
        let chunks: Vec<String> = documents.iter().map(|(title, text)| chunk(title, text)).collect();
        let passages: Vec<Passage<'_>> =
            documents.iter().zip(&chunks).map(|((title, _), text)| Passage { title, text }).collect();
        let answer = answered(question, &passages);
        answer.strip_suffix(&format!("\n\n{WHY}")).unwrap().to_owned()
    }

    fn answered(question: &str, passages: &[Passage<'_>]) -> String {
        answer(&mut slices(), question, passages, &embed)
            .now_or_never()
            .expect("a short answer needs no breath")
    }

    #[test]
    fn a_whole_book_is_searched_in_slices() {
        let (answer, breaths) = in_run(|cx| async move {
            let text = "Otters eat fish and live along the river.\n\n".repeat(20_000) + BRIDGE.1;
            let passages = [Passage { title: "book.txt", text: &text }];
            answer(&mut cx.slices(), "When was the bridge built?", &passages, &embed).await
        });
        assert!(answer.contains("1764"), "{answer}");
        assert!(breaths >= 15, "{breaths} breaths for 0.8 MB");
    }

    const BRIDGE: (&str, &str) = (
        "bridge.txt",
        "The stone bridge over the valley was built in 1764 by Margaret Hale. It has seven arches and a toll house.",
    );
    const OTTER: (&str, &str) = (
        "otter.txt",
        "Otters are playful mammals that live along the river. They eat fish, frogs and crayfish.",
    );

    #[test]
    fn quotes_stand_with_their_sources() {
        assert_eq!(
            ask("When was the bridge built?", &[BRIDGE, OTTER]),
            "From your documents:\n\n> The stone bridge over the valley was built in 1764 by Margaret Hale. [1]\n\n\
             Sources: [1] bridge.txt"
        );
    }

    #[test]
    fn the_public_gets_the_quotes_alone() {
        let passages = [Passage { title: BRIDGE.0, text: BRIDGE.1 }];
        let public = |question: &str| {
            answer_in_public(&mut slices(), question, &passages, &embed).now_or_never().unwrap()
        };
        let answer = public("When was the bridge built?");
        let expected = "This is what was found:\n\n> The stone bridge over the valley was built in 1764 by Margaret Hale.";
        assert_eq!(answer, expected);
        assert_eq!(public("What is the capital of Mongolia?"), NOTHING);
    }

    #[test]
    fn a_sentence_that_points_back_brings_the_one_before() {
        let answer = ask("How many arches does the bridge have?", &[BRIDGE]);
        assert!(
            answer.contains(
                "> The stone bridge over the valley was built in 1764 by Margaret Hale. It has seven"
            )
        );
    }

    #[test]
    fn sources_are_numbered_as_they_appear() {
        let answer = ask("Who built the bridge, and what do otters eat?", &[OTTER, BRIDGE]);
        assert!(answer.ends_with("Sources: [1] otter.txt, [2] bridge.txt"), "{answer}");
        assert!(answer.find("crayfish. [1]").unwrap() < answer.find("Hale. [2]").unwrap());
    }

    #[test]
    fn steps_come_with_their_command() {
        let text =
            "# Set-up\n\nTo set up a laptop:\n\n1. Sign in.\n2. Run:\n\n```sh\nsetup --all\n```\n\nCall us.";
        assert_eq!(
            ask("How do I set up a laptop?", &[("it.md", text)]),
            "From your documents:\n\n> To set up a laptop:\n> 1. Sign in.\n> 2. Run:\n> ```\n> setup --all\n> ```\n> [1]\n\n\
             Sources: [1] it.md"
        );
    }

    #[test]
    fn without_anything_to_quote_it_says_so() {
        assert_eq!(answered("Why?", &[]), format!("{NOTHING}\n\n{WHY}"));
        assert_eq!(ask("What is the capital of Mongolia?", &[BRIDGE, OTTER]), NOTHING);
        assert_eq!(ask("bridge", &[("empty.txt", "")]), NOTHING);
    }

    #[test]
    fn the_same_chunk_twice_is_quoted_once() {
        let answer = ask("When was the bridge built?", &[BRIDGE, BRIDGE]);
        assert_eq!(answer.matches("1764").count(), 1);
    }

    #[test]
    fn an_embedder_that_knows_no_word_is_no_harm() {
        let passages = [Passage { title: BRIDGE.0, text: BRIDGE.1 }];
        let mut slices = slices();
        let answer = answer(&mut slices, "When was the bridge built?", &passages, &|_| vec![0.0; 4]);
        assert!(answer.now_or_never().unwrap().contains("1764"));
    }

    proptest! {
        #[test]
        fn the_header_of_a_chunk_is_never_quoted(
            question in "(otter|bridge|source|published|document|when|\\?| ){1,8}",
            text in "(Otters eat\\. |The bridge |\n|`{3}|# |- |<p>|published\\. |\\| ){0,20}",
        ) {
            let answer = ask(&question, &[("sourceDocument.md", &text), ("b", &text)]);
            prop_assert!(!answer.contains("metadata"));
            prop_assert!(!answer.contains("published:"));
            prop_assert_eq!(answer, ask(&question, &[("sourceDocument.md", &text), ("b", &text)]));
        }
    }
}
