//! What a megabyte of text costs on its way into the store, step by step: `cargo bench -p haversack-engine --bench ingest`

#![allow(clippy::unwrap_used)]

use divan::Bencher;
use divan::counter::BytesCount;
use haversack_engine::chunk::{Chunk, ChunkMode, ChunkOptions, Chunker};
use haversack_engine::embed::minilm::embedded;
use haversack_engine::lexical::collect::Collected;
use haversack_engine::vector::code::Codes;
use haversack_engine::vector::rotation::Rotation;
use haversack_engine::vector::segment::SegmentVectors;
use haversack_engine::vector::unit::unit;
use std::sync::LazyLock;

fn main() {
    divan::main();
}

const HEADER: &str = "<document_metadata>\nsourceDocument: corpus.txt\npublished: 11/21/2026, 7:00:00 PM\n\
    </document_metadata>\n\n";

/// A megabyte of sentences whose words are as common as in prose.
static TEXT: LazyLock<String> = LazyLock::new(|| {
    let vocab = embedded().wordpiece().vocab();
    let words: Vec<&str> = (0..vocab.len() as u32)
        .filter_map(|id| vocab.token(id))
        .filter(|token| token.len() > 1 && token.bytes().all(|byte| byte.is_ascii_lowercase()))
        .collect();
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut text = String::new();
    for n in 1.. {
        let rank = (words.len() as f64).powf(random()) - 1.0;
        text.push_str(words.get(rank as usize).copied().unwrap_or("the"));
        text.push_str(if n % 96 == 0 {
            ".\n\n"
        } else if n % 12 == 0 {
            ". "
        } else {
            " "
        });
        if text.len() > 1_000_000 {
            break;
        }
    }
    text
});

static CHUNKS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let chunks = cut();
    chunks.iter().map(|chunk| &TEXT[chunk.span.clone()]).collect()
});

static ROWS: LazyLock<Vec<Vec<f32>>> = LazyLock::new(|| {
    let model = embedded().starting(HEADER);
    CHUNKS.iter().map(|chunk| unit(&model.embed(chunk)).unwrap()).collect()
});

fn cut() -> Vec<Chunk> {
    let options = ChunkOptions { size: 1000, overlap: 20, mode: ChunkMode::Recursive };
    Chunker::new(&TEXT, options, &[]).unwrap().collect()
}

#[divan::bench]
fn chunks(bencher: Bencher) {
    bencher.counter(BytesCount::of_str(&*TEXT)).bench(cut);
}

#[divan::bench]
fn embeddings(bencher: Bencher) {
    let chunks = &*CHUNKS;
    bencher.counter(BytesCount::of_str(&*TEXT)).bench(|| {
        let model = embedded().starting(HEADER);
        chunks.iter().map(|chunk| model.embed(chunk)).collect::<Vec<_>>()
    });
}

#[divan::bench]
fn int8_rows(bencher: Bencher) {
    let rows = &*ROWS;
    bencher
        .counter(BytesCount::of_str(&*TEXT))
        .bench(|| SegmentVectors::quantize(1, 256, rows.iter().map(Vec::as_slice)).unwrap().encode());
}

#[divan::bench]
fn codes(bencher: Bencher) {
    let rows = &*ROWS;
    bencher.counter(BytesCount::of_str(&*TEXT)).bench(|| {
        let (rotation, mut codes) = (Rotation::new(256), Codes::new(256).unwrap());
        rows.iter().for_each(|row| codes.push(&rotation, row).unwrap());
        codes.encode()
    });
}

#[divan::bench]
fn words(bencher: Bencher) {
    let chunks = &*CHUNKS;
    bencher.counter(BytesCount::of_str(&*TEXT)).bench(|| {
        let mut words = Collected::default();
        let count: u64 = chunks.iter().map(|chunk| u64::from(words.push(&[chunk, "corpus.txt"]))).sum();
        (count, words)
    });
}

#[divan::bench]
fn postings(bencher: Bencher) {
    let mut words = Collected::default();
    let count: u64 = CHUNKS.iter().map(|chunk| u64::from(words.push(&[chunk, "corpus.txt"]))).sum();
    assert!(count > 100_000);
    bencher.counter(BytesCount::of_str(&*TEXT)).bench(|| words.encode());
}
