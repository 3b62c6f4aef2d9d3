//! Korean words: particles and common endings are written to the noun.

/// Particles, plural and the endings that make a verb of a noun; those that are the end of others come later.
const ENDINGS: [&str; 88] = [
    "하였습니다",
    "했습니다",
    "하십시오",
    "되었습니다",
    "됐습니다",
    "합니다",
    "됩니다",
    "입니다",
    "습니다",
    "합니까",
    "됩니까",
    "입니까",
    "하세요",
    "되어야",
    "하여야",
    "해야",
    "하면",
    "되면",
    "하는",
    "되는",
    "하고",
    "되고",
    "하여",
    "해서",
    "하기",
    "되기",
    "한다",
    "된다",
    "했다",
    "됐다",
    "하다",
    "되다",
    "하지",
    "되지",
    "할",
    "한",
    "해",
    "될",
    "된",
    "에서부터",
    "으로부터",
    "로부터",
    "에게서",
    "한테서",
    "에서",
    "에게",
    "께서",
    "한테",
    "까지",
    "부터",
    "보다",
    "처럼",
    "마다",
    "조차",
    "밖에",
    "이라고",
    "라고",
    "이라는",
    "라는",
    "이라도",
    "라도",
    "이라면",
    "라면",
    "이나",
    "이랑",
    "이며",
    "이란",
    "이든",
    "이다",
    "인가요",
    "으로",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "에",
    "의",
    "로",
    "와",
    "과",
    "도",
    "만",
    "들",
    "께",
    "요",
    "랑",
];

/// The word without particles and endings; at least two syllables of it stay.
pub(super) fn stem(word: &str) -> &str {
    let mut rest = word;
    // Several follow one another: 직원 들 에게 는.
    for _ in 0..4 {
        let shorter = ENDINGS
            .iter()
            .find_map(|ending| rest.strip_suffix(ending).filter(|shorter| shorter.chars().nth(1).is_some()));
        match shorter {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    rest
}

/// What is left of a word of two syllables that may be a noun of one and its particle: 책을 is 책, but 가을 is no 가.
pub(super) fn short_stem(word: &str) -> Option<&str> {
    let first = word.chars().next()?;
    let (stem, particle) = word.split_at(first.len_utf8());
    matches!(
        particle,
        "은" | "는" | "이" | "가" | "을" | "를" | "에" | "의" | "로" | "와" | "과" | "도" | "만"
    )
    .then_some(stem)
}

/// Every two syllables side by side of a longer word: compounds are found by their parts.
///
/// What looks like a particle may be the end of the noun, 의 in 정기회의: the pair with its first syllable is one too, unless
/// the particle is nothing else.
pub(super) fn pairs(word: &str) -> impl Iterator<Item = &str> {
    let stem = stem(word).len();
    let is_long = word.chars().nth(2).is_some();
    let ends = word.char_indices().skip(1).map(|(at, ch)| (at, at + ch.len_utf8()));
    word.char_indices().zip(ends).filter_map(move |((from, _), (second, to))| {
        let particle = word.get(stem..).unwrap_or_default();
        let is_in = second < stem
            || (from < stem && particle.starts_with(['의', '이', '가', '도', '로', '과', '만', '지']));
        word.get(from..to).filter(|_| is_long && is_in)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_are_taken_off() {
        for (word, expected) in [
            ("도서관은", "도서관"),
            ("직원들에게는", "직원"),
            ("신청합니다", "신청"),
            ("창고에서", "창고"),
            ("열쇠", "열쇠"),
            ("가을", "가을"),
        ] {
            assert_eq!(stem(word), expected);
        }
        assert_eq!(stem("고양이가"), stem("고양이"));
        assert_eq!(stem("고속도로에서"), stem("고속도로"));
        assert_eq!((short_stem("책을"), short_stem("책장")), (Some("책"), None));
    }

    #[test]
    fn long_words_have_pairs() {
        assert_eq!(pairs("지하주차장").collect::<Vec<_>>(), ["지하", "하주", "주차", "차장"]);
        assert_eq!(pairs("정기회의를").collect::<Vec<_>>(), ["정기", "기회", "회의"]);
        assert_eq!(pairs("휴가").count(), 0);
        assert_eq!(pairs("").count(), 0);
    }
}
