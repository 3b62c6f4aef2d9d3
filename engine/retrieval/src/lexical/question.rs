//! What a question asks for, word by word.

use super::codes::code;
use super::forms::Forms;
use super::function_words;
use super::grams::{Kind, Run, for_each_gram};
use super::hangul;
use super::language::Language;
use super::normal::fold;
use super::script::{Script, script};
use super::terms::{Space, Term};
use super::words::{Token, for_each_token};

/// A word of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Any of these is the word; in order, each once.
    pub alternatives: Vec<Term>,
    /// What it counts beside the others.
    pub weight: f64,
    /// A part of a word, or of a text without spaces: two signs side by side may be the end of one word and the beginning
    /// of the next.
    pub is_part: bool,
}

impl Wanted {
    /// What the word counts in the judgement whether a passage may answer, if it counts `weight` where it occurs, and
    /// `rows` rows of all have it: a part that nobody has written is likely no word.
    #[must_use]
    pub fn evidence(&self, weight: f64, rows: u64) -> f64 {
        if self.is_part && rows == 0 { weight * ABSENT_PART } else { weight }
    }
}

/// Words that are looked for.
pub const WANTED_MAX: usize = 64;

/// Bytes of a question that are read. Whoever asks more has said what about long before.
pub const QUESTION_BYTES_MAX: usize = 8 << 10;

/// Of words that say little.
const LITTLE: f64 = 0.1;
/// Of parts of a code, beside the whole.
const JOINED: f64 = 0.4;
/// Of parts that are in no row, as evidence.
const ABSENT_PART: f64 = 0.15;
/// Of parts of words.
const PART: f64 = 0.3;

/// The words of a question to rows in these languages (English is always one), in its order, the first [`WANTED_MAX`] of
/// those that count most.
///
/// A question is too short to tell its language: each word is looked for as each language would have stored it.
#[must_use]
pub fn question(text: &str, languages: &[Language]) -> Vec<Wanted> {
    let text = &text[..text.floor_char_boundary(QUESTION_BYTES_MAX)];
    let mut words = Words {
        latin: latin(languages),
        cyrillic: cyrillic(languages),
        little: 0,
        found: Vec::new(),
        forms: Forms::default(),
    };
    words.little = little_in(text, words.latin.iter().fold(0, |bits, language| bits | language.bit()));
    for_each_token(text, &mut |token| words.token(token));
    let mut found = words.found;
    // A question of nothing else is about them.
    if found.iter().all(|wanted| wanted.weight <= LITTLE) {
        found.iter_mut().for_each(|wanted| wanted.weight /= LITTLE);
    }
    if found.len() > WANTED_MAX {
        let mut weights: Vec<f64> = found.iter().map(|wanted| wanted.weight).collect();
        weights.sort_by(|a, b| b.total_cmp(a));
        let least = weights[WANTED_MAX - 1];
        let mut equal = WANTED_MAX - weights.iter().take_while(|weight| **weight > least).count();
        found.retain(|wanted| {
            let is_last = wanted.weight == least && equal > 0;
            equal -= usize::from(is_last);
            wanted.weight > least || is_last
        });
    }
    found
}

fn latin(languages: &[Language]) -> Vec<Language> {
    let mut latin: Vec<Language> = languages.iter().copied().filter(|language| language.is_latin()).collect();
    latin.push(Language::English);
    latin.sort_unstable();
    latin.dedup();
    latin
}

fn cyrillic(languages: &[Language]) -> Vec<Language> {
    let mut cyrillic: Vec<Language> =
        languages.iter().copied().filter(|language| language.is_cyrillic()).collect();
    cyrillic.push(Language::Russian);
    cyrillic.sort_unstable();
    cyrillic.dedup();
    cyrillic
}

/// The languages of Latin letters, as bits of `among`, that most words of a question are function words of. One such word
/// does not make a question German.
fn little_in(text: &str, among: u32) -> u32 {
    let mut counts = [0u32; 32];
    for_each_token(text, &mut |token| {
        if let Token::Word { text, joined: false } = token {
            let bits = function_words::languages_of(&fold(&text.to_ascii_lowercase())) & among;
            counts.iter_mut().enumerate().for_each(|(code, count)| *count += bits >> code & 1);
        }
    });
    let english = counts[usize::from(Language::English.code())];
    let most = counts.iter().copied().max().unwrap_or(0);
    if most == english || (most < 2 && among.count_ones() > 3) {
        return Language::English.bit();
    }
    (0..32u32).filter(|code| counts[*code as usize] == most).fold(0, |bits, code| bits | 1 << code)
}

struct Words {
    /// The languages that Latin words may be in.
    latin: Vec<Language>,
    cyrillic: Vec<Language>,
    /// The languages whose function words count for little, of those of Latin letters.
    little: u32,
    found: Vec<Wanted>,
    forms: Forms,
}

impl Words {
    /// Adds a word, unless it is there.
    fn add(&mut self, alternatives: Vec<Term>, weight: f64) {
        self.add_one(alternatives, weight, false);
    }

    fn add_one(&mut self, mut alternatives: Vec<Term>, weight: f64, is_part: bool) {
        alternatives.sort_unstable();
        alternatives.dedup();
        if alternatives.is_empty() {
            return;
        }
        match self.found.iter_mut().find(|wanted| wanted.alternatives == alternatives) {
            Some(wanted) => wanted.weight = wanted.weight.max(weight),
            None => self.found.push(Wanted { alternatives, weight, is_part }),
        }
    }

    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Word { text, joined } => self.word(text, if joined { JOINED } else { 1.0 }),
            Token::Joined(text) => self.joined(text),
            Token::Signed("§") => self.add(vec![Term::of(Space::Whole, "§")], LITTLE),
            Token::Signed(text) => self.add(vec![Term::of(Space::Whole, &text.to_lowercase())], 1.5),
            Token::Hangul(text) => self.hangul(text),
            Token::Han(run) => self.run(run, Run::Han),
            Token::Katakana(run) => self.run(run, Run::Katakana),
            Token::Unspaced(run) => self.run(run, Run::Unspaced),
        }
    }

    fn word(&mut self, text: &str, most: f64) {
        let lower = text.to_ascii_lowercase();
        let script =
            lower.chars().map(script).find(|script| *script != Script::Other).unwrap_or(Script::Other);
        let is_number = lower.bytes().any(|byte| byte.is_ascii_digit());
        let languages = match script {
            _ if is_number => vec![Language::Unknown],
            Script::Latin => self.latin.clone(),
            Script::Cyrillic => self.cyrillic.clone(),
            _ => vec![Language::Unknown],
        };
        let bits = function_words::languages_of(&fold(&lower));
        let is_little = match script {
            Script::Latin => bits & self.little != 0,
            _ => bits != 0,
        };
        let weight = if is_little { LITTLE.min(most) } else { most };
        let (mut same, mut exact, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let mut forms = std::mem::take(&mut self.forms);
        for language in languages {
            forms.word(text, language);
            same.append(&mut forms.same);
            exact.extend(forms.exact);
            parts.append(&mut forms.parts);
        }
        self.forms = forms;
        // Whoever writes the accents means them; those who leave them out are found all the same.
        self.add(same.clone(), if exact.is_empty() { weight } else { weight / 2.0 });
        self.add(exact, weight);
        if !is_little {
            parts.retain(|part| !same.contains(part));
            parts.into_iter().for_each(|part| self.add_one(vec![part], weight * PART, true));
        }
    }

    fn joined(&mut self, text: &str) {
        let code = code(text);
        // A whole says more than a word, and its order more than its parts.
        self.add(code.whole.into_iter().collect(), 1.5);
        code.pairs.into_iter().for_each(|pair| self.add(vec![pair], 0.5));
        code.runs.into_iter().for_each(|run| self.add(vec![run], 1.0));
        if let Some(word) = code.word {
            self.word(&word, 1.0);
        }
    }

    fn hangul(&mut self, text: &str) {
        let stem = hangul::stem(text);
        let is_little = [text, stem].iter().any(|word| function_words::languages_of(&fold(word)) != 0);
        let weight = if is_little { LITTLE } else { 1.0 };
        let mut forms = std::mem::take(&mut self.forms);
        forms.hangul(text);
        let is_long = stem.chars().nth(2).is_some();
        let mut same = forms.same.clone();
        same.push(Term::plain(text));
        self.add(same, weight);
        if !is_little {
            let weight = if is_long { 0.5 } else { PART };
            forms.parts.iter().for_each(|part| self.add_one(vec![*part], weight, true));
        }
        self.forms = forms;
    }

    fn run(&mut self, run: &str, kind: Run) {
        let spans = function_words::spans(run);
        let is_little = |at: usize| spans.iter().any(|(from, to)| (*from..*to).contains(&at));
        let mut signs = 0;
        for_each_gram(run, kind, &mut |_| signs += 1);
        for_each_gram(run, kind, &mut |gram| {
            let last = gram.text.char_indices().next_back().map_or(0, |(at, _)| at);
            let little = u32::from(is_little(gram.from)) + u32::from(is_little(gram.from + last));
            let weight = match (gram.kind, little) {
                (Kind::All, _) => return self.add_one(vec![Term::of(Space::Run, gram.text)], 0.5, true),
                (_, 2) => LITTLE,
                (Kind::One, 0) if signs == 1 => 1.0,
                (Kind::One, _) => 0.25,
                (_, 1) => PART,
                _ => 1.0,
            };
            self.add_one(vec![Term::plain(gram.text)], weight, gram.kind != Kind::One);
        });
    }
}
