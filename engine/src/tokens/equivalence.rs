//! The promise that both tokenizers give the same tokens, tried on all kinds of text.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{CL100K_TABLE, Tokenizer};

static NATIVE: LazyLock<Tokenizer> = LazyLock::new(Tokenizer::native);
static TABLE: LazyLock<Tokenizer> = LazyLock::new(|| Tokenizer::from_table(CL100K_TABLE).unwrap());

fn check(text: &str) {
    let tokens = NATIVE.encode(text);
    let shown: String = text.chars().take(200).collect();
    assert!(TABLE.encode(text) == tokens, "encode differs for {shown:?}");
    for tokenizer in [&*NATIVE, &*TABLE] {
        assert_eq!(tokenizer.count(text), tokens.len(), "{tokenizer:?} counts wrongly {shown:?}");
        assert_eq!(tokenizer.count_until(text, tokens.len()), Some(tokens.len()));
        if let Some(too_few) = tokens.len().checked_sub(1) {
            assert_eq!(tokenizer.count_until(text, too_few), None);
        }
        assert!(tokenizer.decode(&tokens) == text, "{tokenizer:?} decodes wrongly {shown:?}");
    }
}

#[test]
fn examples() {
    for text in [
        "",
        " ",
        "The quick brown fox jumps over the lazy dog.",
        "fn main() {\n    println!(\"{:?}\", (0..10).map(|i| i * i).collect::<Vec<_>>());\n}\n",
        "<|endoftext|><|fim_prefix|><|im_start|>system",
        "I'll say it's THEY'RE, we'Ve, y'all'd've; 'ſ 'tis",
        "日本語の文章がここにあります。它们也在这里。여기에도 있습니다.",
        "مرحبا بالعالم! שלום עולם. नमस्ते दुनिया। สวัสดีชาวโลก",
        "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 e\u{301} ﬁ ½ ⅷ ٣٤٥",
        "tab\t\ttab \r\n\r\n  \n\u{a0}\u{2028}\u{85}\u{feff}\0end   ",
        "aGVsbG8gd29ybGQgdGhpcyBpcyBiYXNlNjQ0MTIzNDU2Nzg5MA==",
    ] {
        check(text);
    }
}

#[test]
fn words_of_ten_thousand_letters() {
    let mut state = 1_u32;
    let mut random_letter = |alphabet: &'static [u8]| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        alphabet[(state >> 16) as usize % alphabet.len()] as char
    };
    for alphabet in [b"a".as_slice(), b"ab", b"ACGT", b"etaoinshrdlu", b" ", b"=", b"\n \t"] {
        check(&std::iter::repeat_with(|| random_letter(alphabet)).take(10_000).collect::<String>());
    }
    check(&"ありがとう".repeat(2_000));
    check(&"\u{0e01}\u{0e33}".repeat(2_000));
}

/// Quadratic work would be 10^12 steps, and this test would not end.
#[test]
fn a_megabyte_of_one_letter() {
    let text = "a".repeat(1 << 20);
    assert_eq!(TABLE.count(&text), NATIVE.count(&text));
    assert_eq!(TABLE.count_until(&text, 1000), None);
    let spaces = " ".repeat(1 << 20) + "\n" + &" ".repeat(1 << 20) + "x";
    assert_eq!(TABLE.count(&spaces), NATIVE.count(&spaces));
}

fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => " ?[a-zA-Z]{1,12}",
        1 => "[a-z]{40,120}",
        2 => "[ \t\r\n\u{a0}\u{3000}]{1,12}",
        1 => "[a-z]{1,3}'(s|S|t|re|RE|ve|m|ll|d|x|ſ)",
        1 => " ?[0-9]{1,12}",
        2 => "[(){}\\[\\];:=+*/<>&|!.,\"#_-]{1,6}",
        1 => "[\u{4e00}-\u{9fff}\u{3040}-\u{30ff}\u{ac00}-\u{d7a3}]{1,10}",
        1 => "[\u{1f300}-\u{1faff}\u{200d}\u{fe0f}]{1,6}",
        1 => "[\u{300}-\u{36f}\u{600}-\u{6ff}\u{900}-\u{97f}\u{e00}-\u{e7f}]{1,8}",
        1 => any::<String>(),
        1 => (0..100_256_u32).prop_map(|token| NATIVE.decode(&[token])),
    ];
    proptest::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_text_has_the_same_tokens(text in any_text()) {
        check(&text);
    }

    #[test]
    fn any_tokens_have_the_same_text(tokens in proptest::collection::vec(0..100_300_u32, 0..20)) {
        prop_assert_eq!(NATIVE.decode(&tokens), TABLE.decode(&tokens));
    }
}
