//! Answers without a language model: the sentences of the documents that answer best, word for word,
//! each with its source.

mod choose;
mod html;
mod inline;
mod question;
mod score;
mod stop_words;
pub(crate) mod terms;
mod units;

use crate::seam::Slices;
use crate::sentences::Kind;
use question::Question;
use std::fmt::Write;
use std::ops::Range;
pub(crate) use units::body;
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

/// An answer, and what it rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quoted {
    /// In Markdown.
    pub text: String,
    /// The passages that are quoted, in the order of their numbers: the first is `[1]`.
    pub cited: Vec<Cited>,
    /// How good the best evidence is, 0 to 1; `None` if nothing was asked that could be looked for.
    pub relevance: Option<f64>,
}

/// A passage that is quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    /// Which, from 0.
    pub passage: usize,
    /// The sentences that are quoted: bytes of the passage's text.
    pub spans: Vec<Range<usize>>,
}

/// Whether a question asks what the documents are about, and names nothing in them: any passage may answer it.
pub(crate) fn is_general(question: &str) -> bool {
    Question::new(question).is_general()
}

/// The line that says why nobody wrote an answer.
const WHY: &str = "_No language model is configured, so this only quotes your documents. For written answers set \
                   `LLM_PROVIDER`, for example to `ollama` (with `OLLAMA_MODEL_PREF`) or `openai` (with \
                   `OPEN_AI_KEY`)._";
const NOTHING: &str = "Nothing about this was found in the documents.";
const QUOTES: &str = "From your documents:";
const OPENINGS: &str = "Among other things, your documents say:";
const WEAK: &str = "Your documents do not clearly answer this. The closest passages:";
/// The same for the public, who have no business with whose documents they are.
const PUBLIC_QUOTES: &str = "This is what was found:";
const PUBLIC_WEAK: &str = "Nothing answers this clearly. The closest that was found:";
/// Best evidence below this says that the documents are about something else.
const UNRELATED: f32 = 0.18;
/// Below this the quotes are near the subject at most.
const UNSURE: f32 = 0.24;
/// Longest quote of one sentence, in characters.
const QUOTE_CHARS_MAX: usize = 480;

/// An answer: up to four quotes in reading order with `[1]`-style numbers of passages, the titles of the passages, and one
/// line that says how to get written answers.
///
/// `passages` are best first. `embed` gives vectors of one length for any text (the built-in embedder);
/// its cosine and the overlap of words decide together. The same input gives the same bytes everywhere.
/// Without passages, or when none has to do with the question, the answer says so and cites nothing; where the evidence is
/// weak it says that. A question that asks what the documents are about, and nothing else, gets the beginnings of the
/// passages.
pub async fn answer(
    slices: &mut Slices,
    question: &str,
    passages: &[Passage<'_>],
    embed: &Embed<'_>,
) -> Quoted {
    let mut quoted = quote(slices, question, passages, embed, true).await;
    let text = &mut quoted.text;
    if !quoted.cited.is_empty() {
        text.push_str("Sources:");
        for (i, cited) in quoted.cited.iter().enumerate() {
            let title = passages.get(cited.passage).map_or("", |passage| passage.title);
            let _ = write!(text, "{} [{}] {title}", if i == 0 { "" } else { "," }, i + 1);
        }
        text.push_str("\n\n");
    }
    text.push_str(WHY);
    quoted
}

/// As [`answer`], without numbers and titles, and without a word about how the server is set up.
pub async fn answer_in_public(
    slices: &mut Slices,
    question: &str,
    passages: &[Passage<'_>],
    embed: &Embed<'_>,
) -> Quoted {
    let mut quoted = quote(slices, question, passages, embed, false).await;
    quoted.text.truncate(quoted.text.trim_end().len());
    quoted
}

/// The quotes, with an empty line behind them.
async fn quote(
    slices: &mut Slices,
    question: &str,
    passages: &[Passage<'_>],
    embed: &Embed<'_>,
    attributed: bool,
) -> Quoted {
    let units = units::units(slices, passages).await;
    let asked = Question::new(question);
    let scored = score::score(slices, question, &asked, &units, passages.len(), embed).await;
    let best = scored.iter().take(3).map(|one| one.evidence).fold(0.0, f32::max);
    let relevance = Some(f64::from((best / (score::WORDS + score::MEANING)).clamp(0.0, 1.0)));
    let pick = |own: &'static str, public: &'static str| if attributed { own } else { public };
    let (lead, chosen, relevance) = if asked.is_general() && !units.is_empty() {
        (pick(OPENINGS, PUBLIC_QUOTES), choose::openings(&units), None)
    } else if best < UNRELATED {
        return Quoted { text: format!("{NOTHING}\n\n"), cited: Vec::new(), relevance };
    } else {
        let lead = if best < UNSURE { pick(WEAK, PUBLIC_WEAK) } else { pick(QUOTES, PUBLIC_QUOTES) };
        (lead, choose::choose(&asked, &units, &scored), relevance)
    };
    let mut text = format!("{lead}\n\n");
    let mut cited: Vec<Cited> = Vec::new();
    for quote in &chosen {
        let Some(passage) = quote.first().and_then(|at| units.get(*at)).map(|unit| unit.passage) else {
            continue;
        };
        let number = match cited.iter().position(|known| known.passage == passage) {
            Some(at) => at,
            None => {
                cited.push(Cited { passage, spans: Vec::new() });
                cited.len() - 1
            }
        };
        text.push_str(&quoted(&units, quote, attributed.then_some(number + 1)));
        for unit in quote.iter().filter_map(|at| units.get(*at)) {
            let below = unit.below.iter().map(|below| below.span.clone());
            cited[number].spans.extend(std::iter::once(unit.span.clone()).chain(below));
        }
    }
    for one in &mut cited {
        one.spans.sort_by_key(|span| (span.start, span.end));
        one.spans.dedup();
    }
    Quoted { text, cited, relevance }
}

/// Neighbouring units as one Markdown quotation.
fn quoted(units: &[Unit], quote: &[usize], number: Option<usize>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (i, at) in quote.iter().enumerate() {
        let unit = &units[*at];
        let together =
            i > 0 && units[quote[i - 1]].block == unit.block && units[quote[i - 1]].below.is_empty();
        let text = match unit.kind {
            Kind::Code => fenced(&unit.text),
            Kind::Item if !together => listed(&shortened(unit)),
            _ => shortened(unit),
        };
        match lines.last_mut() {
            Some(line) if together => {
                line.push(' ');
                line.push_str(&text);
            }
            _ => lines.push(text),
        }
        lines.extend(unit.below.iter().map(|below| below.text.clone()));
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
        let answer = answered(question, &passages).text;
        answer.strip_suffix(&format!("\n\n{WHY}")).unwrap().to_owned()
    }

    fn answered(question: &str, passages: &[Passage<'_>]) -> Quoted {
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
        assert!(answer.text.contains("1764"), "{}", answer.text);
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
            answer_in_public(&mut slices(), question, &passages, &embed).now_or_never().unwrap().text
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
        assert_eq!(answered("Why?", &[]).text, format!("{NOTHING}\n\n{WHY}"));
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
        assert!(answer.now_or_never().unwrap().text.contains("1764"));
    }

    #[test]
    fn a_quote_is_cited_where_it_stands() {
        let chunks = [chunk("otter.txt", OTTER.1), chunk("bridge.txt", BRIDGE.1)];
        let passages: Vec<Passage<'_>> = chunks.iter().map(|text| Passage { title: "t", text }).collect();
        let quoted = answered("When was the bridge built?", &passages);
        assert_eq!(quoted.cited.len(), 1);
        let Cited { passage, spans } = &quoted.cited[0];
        assert_eq!((*passage, spans.len()), (1, 1));
        let sentence = "The stone bridge over the valley was built in 1764 by Margaret Hale.";
        assert_eq!(&chunks[1][spans[0].clone()], sentence);
        assert!(quoted.text.contains(&format!("> {sentence} [1]")), "{}", quoted.text);
        assert!(quoted.relevance.is_some_and(|relevance| relevance > 0.5));
        let other = answered("What is the capital of Mongolia?", &passages);
        assert!(other.cited.is_empty() && other.relevance.is_some_and(|relevance| relevance < 0.2));
    }

    #[test]
    fn every_script_gets_its_sentence_and_no_other() {
        for (question, text, expected) in [
            (
                "停车场在哪里？",
                "食堂在一楼。停车场在地下二层，访客须登记。会议室要预约。",
                "停车场在地下二层，访客须登记。",
            ),
            (
                "鍵はどこですか",
                "食堂は一階です。鍵は受付の棚にあります。会議室は予約制です。",
                "鍵は受付の棚にあります。",
            ),
            (
                "ที่จอดรถอยู่ที่ไหน",
                "โรงอาหารอยู่ชั้นหนึ่งของอาคารหลักทางซ้าย ที่จอดรถอยู่ชั้นใต้ดินใกล้ลิฟต์ตัวที่สอง ห้องประชุมต้องจองล่วงหน้าหนึ่งวัน",
                "ที่จอดรถอยู่ชั้นใต้ดินใกล้ลิฟต์ตัวที่สอง",
            ),
            (
                "أين موقف السيارات؟",
                "المطعم في الطابق الأول. موقف السيارات خلف المبنى. القاعة تحتاج إلى حجز.",
                "موقف السيارات خلف المبنى.",
            ),
            (
                "पार्किंग कहाँ है?",
                "भोजनालय पहली मंज़िल पर है। पार्किंग तहखाने में है। बैठक कक्ष बुक करना होता है।",
                "पार्किंग तहखाने में है।",
            ),
            (
                "주차장은 어디입니까?",
                "식당은 일 층에 있습니다. 주차장은 지하 이 층에 있습니다. 회의실은 예약해야 합니다.",
                "주차장은 지하 이 층에 있습니다.",
            ),
            (
                "Где хранится ключ?",
                "Столовая находится внизу. Ключ хранится у вахтёра. Зал нужно бронировать.",
                "Ключ хранится у вахтёра.",
            ),
            (
                "Wo steht das Fahrrad?",
                "Die Küche ist oben. Das Fahrrad steht im Schuppen. Der Saal wird gebucht.",
                "Das Fahrrad steht im Schuppen.",
            ),
        ] {
            let passages = [Passage { title: "t", text }];
            let nothing = |_: &str| vec![0.0; 4];
            let quoted = answer(&mut slices(), question, &passages, &nothing).now_or_never().unwrap();
            let spans: Vec<&str> =
                quoted.cited.iter().flat_map(|cited| &cited.spans).map(|span| &text[span.clone()]).collect();
            assert_eq!(spans, [expected], "{question}: {}", quoted.text);
        }
    }

    #[test]
    fn what_does_not_answer_is_left_out() {
        let text = "The boat house sleeps twelve people. The oars of the boat house hang behind the door. \
                    Please bring a lamp to the boat house.";
        let answer = ask("Where do the oars hang?", &[("house.md", text)]);
        assert!(
            answer.contains("behind the door") && !answer.contains("twelve") && !answer.contains("lamp"),
            "{answer}"
        );
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
