//! What language a text is in: by its script, and among languages of one script by the words that every text has.

use super::function_words::languages_of_exactly;
use super::language::Language::{self, *};
use super::normal::normalize;
use super::script::{Class, Script, class, script};

/// Bytes of a text that are looked at, in three places of it.
const SAMPLE: usize = 6 << 10;

/// The language of a text, [`Language::Unknown`] if nothing tells. Looks at a few kilobytes of it.
#[must_use]
pub fn detect(text: &str) -> Language {
    let mut counts = Counts::default();
    for part in sample(text) {
        counts.count(part);
    }
    counts.language()
}

/// A short text whole, else its beginning, middle and end.
fn sample(text: &str) -> [&str; 3] {
    if text.len() <= SAMPLE {
        return [text, "", ""];
    }
    let part = SAMPLE / 3;
    let at = |from: usize| {
        let from = text.floor_char_boundary(from);
        &text[from..text.floor_char_boundary(from + part)]
    };
    [at(0), at(text.len() / 2), at(text.len() - part)]
}

/// What tells languages apart.
#[derive(Default)]
struct Counts {
    latin: u32,
    cyrillic: u32,
    ukrainian: u32,
    greek: u32,
    arabic: u32,
    persian: u32,
    hebrew: u32,
    devanagari: u32,
    han: u32,
    kana: u32,
    hangul: u32,
    thai: u32,
    /// Words of Latin letters.
    words: u32,
    /// Points of each language of Latin letters.
    points: [u32; 32],
}

/// The points of a word that only one language has; those of one that several have are shared.
const WORD_POINTS: u32 = 60;
/// The points of a letter that few languages have, shared in the same way.
const LETTER_POINTS: u32 = 30;

/// Letters that few of the languages write.
const LETTERS: [(&str, &[Language]); 17] = [
    ("ß", &[German]),
    ("ñ¿¡", &[Spanish]),
    ("ãõ", &[Portuguese, Vietnamese]),
    ("œ", &[French]),
    ("ç", &[French, Portuguese, Turkish]),
    ("èùêë", &[French, Italian, Portuguese, Dutch]),
    ("ìò", &[Italian]),
    ("å", &[Swedish, Danish, Norwegian, Finnish]),
    ("ø", &[Danish, Norwegian]),
    ("æ", &[Danish, Norwegian]),
    ("äö", &[German, Swedish, Finnish]),
    ("őű", &[Hungarian]),
    ("łąęśćźż", &[Polish]),
    ("ěřůčšžý", &[Czech]),
    ("ășțţ", &[Romanian]),
    ("ğış", &[Turkish]),
    ("ơưđảẻỉỏủạẹịọụấầẩậếềểệốồổộớờởợứừửựắằẳặ", &[Vietnamese]),
];

impl Counts {
    fn count(&mut self, text: &str) {
        let mut word = String::new();
        for ch in text.chars().chain([' ']) {
            match class(ch) {
                Class::Letter | Class::Mark => {
                    self.letter(ch);
                    if word.len() < 32 {
                        word.extend(ch.to_lowercase());
                    }
                    continue;
                }
                Class::Han => self.han += 3,
                Class::Hiragana | Class::Katakana => self.kana += 3,
                Class::Hangul => self.hangul += 3,
                Class::Unspaced => self.thai += u32::from(('\u{e00}'..'\u{e80}').contains(&ch)),
                // A word with digits is a code.
                Class::Digit => {
                    word.push('0');
                    continue;
                }
                Class::End => {}
            }
            self.word(&word);
            word.clear();
        }
    }

    fn letter(&mut self, ch: char) {
        match script(ch) {
            Script::Latin => {
                self.latin += 1;
                if !ch.is_ascii() {
                    let lower = ch.to_lowercase().next().unwrap_or(ch);
                    for (letters, languages) in LETTERS.iter().filter(|(letters, _)| letters.contains(lower))
                    {
                        let _ = letters;
                        self.give(languages, LETTER_POINTS);
                    }
                }
            }
            Script::Cyrillic => {
                self.cyrillic += 1;
                self.ukrainian += u32::from(matches!(ch, 'і' | 'ї' | 'є' | 'ґ' | 'І' | 'Ї' | 'Є' | 'Ґ'));
            }
            Script::Greek => self.greek += 1,
            Script::Arabic => {
                self.arabic += 1;
                self.persian += u32::from(matches!(ch, 'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی'));
            }
            Script::Hebrew => self.hebrew += 1,
            Script::Devanagari => self.devanagari += 1,
            Script::Other => {}
        }
    }

    fn word(&mut self, word: &str) {
        if !word.chars().next().is_some_and(|ch| script(ch) == Script::Latin) {
            return;
        }
        self.words += 1;
        let mut normal = String::new();
        let bits = if word.is_ascii() {
            languages_of_exactly(word)
        } else {
            normalize(word, &mut normal);
            languages_of_exactly(&normal)
        };
        // A single letter is a word of several languages and of none.
        let points = if word.len() == 1 { WORD_POINTS / 3 } else { WORD_POINTS };
        let shared = points / bits.count_ones().max(1);
        for (code, sum) in self.points.iter_mut().enumerate() {
            *sum += shared * u32::from(bits >> code & 1 == 1);
        }
    }

    fn give(&mut self, languages: &[Language], points: u32) {
        for language in languages {
            self.points[usize::from(language.code())] += points / languages.len() as u32;
        }
    }

    fn language(&self) -> Language {
        let cjk = self.han + self.kana;
        let scripts = [
            (self.latin, Unknown),
            (self.cyrillic, if self.ukrainian * 50 > self.cyrillic { Ukrainian } else { Russian }),
            (self.greek, Greek),
            (self.arabic, if self.persian * 20 > self.arabic { Persian } else { Arabic }),
            (self.hebrew, Hebrew),
            (self.devanagari, Hindi),
            (cjk, if self.kana * 20 > cjk { Japanese } else { Chinese }),
            (self.hangul, Korean),
            (self.thai, Thai),
        ];
        let (most, language) =
            scripts.into_iter().max_by_key(|(letters, _)| *letters).unwrap_or((0, Unknown));
        match language {
            _ if most == 0 => Unknown,
            Unknown => self.of_latin(),
            _ => language,
        }
    }

    /// The language with most points, if it has clearly more than English and the next one.
    fn of_latin(&self) -> Language {
        let points = |language: Language| self.points[usize::from(language.code())];
        let latin = || Language::ALL.into_iter().filter(|language| language.is_latin());
        // Of equal ones the first.
        let Some(best) = latin().min_by_key(|language| u32::MAX - points(*language)) else { return Unknown };
        let next = latin().filter(|language| *language != best).map(points).max().unwrap_or(0);
        let is_enough = points(best) >= WORD_POINTS / 2 && points(best) >= self.words * 2;
        let is_clear = 10 * points(best) >= 11 * next;
        if is_enough && is_clear { best } else { Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_a_sentence() {
        let mut wrong = Vec::new();
        for (expected, text) in [
            (English, "The gardener waters the roses every morning."),
            (German, "Der Gärtner gießt die Rosen jeden Morgen."),
            (French, "Le jardinier arrose les roses tous les matins."),
            (Spanish, "El jardinero riega las rosas todas las mañanas."),
            (Portuguese, "O jardineiro rega as rosas todas as manhãs."),
            (Italian, "Il giardiniere annaffia le rose ogni mattina."),
            (Dutch, "De tuinman geeft de rozen elke ochtend water."),
            (Swedish, "Trädgårdsmästaren vattnar rosorna och häcken varje morgon."),
            (Danish, "Gartneren vander roserne hver morgen, og hækken bliver klippet af hende."),
            (Norwegian, "Gartneren vanner rosene hver morgen, og hekken blir ikke klippet av henne."),
            (Finnish, "Puutarhuri kastelee ruusut joka aamu, mutta ei pensaita."),
            (Hungarian, "A kertész minden reggel megöntözi a rózsákat."),
            (Polish, "Ogrodnik podlewa róże każdego ranka, ale nie żywopłot."),
            (Czech, "Zahradník zalévá růže každé ráno."),
            (Romanian, "Grădinarul udă trandafirii în fiecare dimineață."),
            (Turkish, "Bahçıvan her sabah gülleri sular."),
            (Vietnamese, "Người làm vườn tưới hoa hồng mỗi sáng."),
            (Indonesian, "Tukang kebun menyiram mawar yang ada di halaman setiap pagi."),
            (Russian, "Садовник поливает розы каждое утро."),
            (Ukrainian, "Садівник поливає троянди щоранку."),
            (Greek, "Ο κηπουρός ποτίζει τα τριαντάφυλλα κάθε πρωί."),
            (Arabic, "يسقي البستاني الورود كل صباح."),
            (Persian, "باغبان هر روز صبح گل‌ها را آب می‌دهد."),
            (Hebrew, "הגנן משקה את הוורדים בכל בוקר."),
            (Hindi, "माली हर सुबह गुलाबों को पानी देता है।"),
            (Chinese, "园丁每天早上浇玫瑰。"),
            (Japanese, "庭師は毎朝バラに水をやる。"),
            (Korean, "정원사는 매일 아침 장미에 물을 준다."),
            (Thai, "คนสวนรดน้ำกุหลาบทุกเช้า"),
        ] {
            let found = detect(text);
            if found != expected {
                wrong.push((expected, found));
            }
        }
        assert_eq!(wrong, []);
    }

    #[test]
    fn what_tells_nothing_is_unknown() {
        for text in ["", "12.5 / 14", "Acme GT-200", "printf(x)"] {
            assert_eq!(detect(text), Unknown, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_known_by_its_parts() {
        let text = "Die Katze schläft auf dem Dach und wartet. ".repeat(5000);
        assert_eq!(detect(&text), German);
    }
}
