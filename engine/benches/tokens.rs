//! Megabytes of text counted in a second: `cargo bench -p haversack-engine --bench tokens`

use divan::Bencher;
use divan::counter::BytesCount;
use haversack_engine::tokens::{CL100K_TABLE, Tokenizer};

fn main() {
    divan::main();
}

const TEXTS: [&str; 5] = ["prose", "code", "cjk", "one_letter", "digits"];
const TEXT_BYTES: usize = 1 << 20;

fn text(name: &str) -> String {
    let sample = match name {
        "prose" => include_str!("../../LICENSE"),
        "code" => concat!(
            include_str!("../src/tokens/mod.rs"),
            include_str!("../src/tokens/format.rs"),
            include_str!("../src/tokens/merge.rs"),
            include_str!("../src/tokens/pairs.rs"),
        ),
        "cjk" => {
            "日本語の文章がここにあります。川のほとりで、かわうそが遊んでいました。我们在河边看到了灯笼。"
        }
        "one_letter" => "a",
        _ => "3.14159265358979 2024-11-21 ",
    };
    sample.repeat(TEXT_BYTES / sample.len() + 1)
}

#[divan::bench(args = TEXTS)]
fn native(bencher: Bencher, name: &str) {
    count(bencher, &Tokenizer::native(), name);
}

#[divan::bench(args = TEXTS)]
fn table(bencher: Bencher, name: &str) {
    count(bencher, &load_table(), name);
}

#[divan::bench]
fn load(bencher: Bencher) {
    bencher.counter(BytesCount::new(CL100K_TABLE.len())).bench(load_table);
}

fn count(bencher: Bencher, tokenizer: &Tokenizer, name: &str) {
    let text = text(name);
    bencher.counter(BytesCount::of_str(&text)).bench(|| tokenizer.count(divan::black_box(&text)));
}

#[allow(clippy::expect_used)]
fn load_table() -> Tokenizer {
    Tokenizer::from_table(divan::black_box(CL100K_TABLE)).expect("the committed table loads")
}
