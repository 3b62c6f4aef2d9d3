//! Megabytes of text cut in a second: `cargo bench -p haversack-engine --bench splitter`

use divan::Bencher;
use divan::counter::BytesCount;
use haversack_engine::chunk::{ChunkMode, ChunkOptions, Chunker};

fn main() {
    divan::main();
}

const MEGABYTE: usize = 1 << 20;

#[divan::bench]
fn prose(bencher: Bencher) {
    let paragraph =
        "The kestrel hovered over the verge, and nobody looked up. It had found a mouse. ".repeat(6);
    cut(bencher, ChunkMode::Recursive, format!("{paragraph}\n\n").repeat(4 * MEGABYTE / paragraph.len()));
}

#[divan::bench]
fn prose_of_one_line(bencher: Bencher) {
    cut(bencher, ChunkMode::Recursive, "Otters swim in the cold river. ".repeat(10 * MEGABYTE / 31));
}

/// A single line of ten megabytes without a space, as minified files have it.
#[divan::bench(args = ["x", "日本語", "é", "🇩🇪", "e\u{301}"])]
fn word_of_10_mb(bencher: Bencher, pattern: &str) {
    cut(bencher, ChunkMode::Recursive, pattern.repeat(10 * MEGABYTE / pattern.len()));
}

#[divan::bench(args = [" ", "\n", "\r\n", "\t"])]
fn blanks_of_10_mb(bencher: Bencher, pattern: &str) {
    cut(bencher, ChunkMode::Recursive, pattern.repeat(10 * MEGABYTE / pattern.len()));
}

fn cut(bencher: Bencher, mode: ChunkMode, text: String) {
    let options = ChunkOptions { size: 1000, overlap: 20, mode };
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| Chunker::new(&text, options, &[]).map(Iterator::count));
}

#[divan::bench]
fn markdown(bencher: Bencher) {
    let section = "## Otters\n\nThey swim in the *cold* river.\n\n- They eat fish.\n- They sleep.\n\n```sh\nls\n```\n\n";
    cut(bencher, ChunkMode::Markdown, section.repeat(4 * MEGABYTE / section.len()));
}

/// Marks that could open something, over and over.
#[divan::bench(args = ["[", "*", "> ", "- ", "|a|\n", "[a]: b\n"])]
fn markdown_marks_of_1_mb(bencher: Bencher, pattern: &str) {
    cut(bencher, ChunkMode::Markdown, pattern.repeat(MEGABYTE / pattern.len()));
}
