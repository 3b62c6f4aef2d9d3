//! `cargo bench -p haversack-engine --bench vector`

#![allow(clippy::unwrap_used)]

fn main() {
    search::print_candidate_counts();
    divan::main();
}

/// A small generator: benches need many numbers, the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 32) * n) >> 32
    }
}

/// One pass over all int8 rows, without deciding anything.
mod scan {
    use super::Random;
    use divan::Bencher;
    use divan::counter::{BytesCount, ItemsCount};
    use haversack_engine::vector::kernel;

    const ROWS: [usize; 3] = [2_000, 50_000, 100_000];

    #[divan::bench(consts = [256, 384], args = ROWS)]
    fn kernel<const DIM: usize>(bencher: Bencher, rows: usize) {
        run::<DIM>(bencher, rows, kernel::dot_rows_i8_i16);
    }

    #[divan::bench(consts = [256, 384], args = ROWS)]
    fn scalar<const DIM: usize>(bencher: Bencher, rows: usize) {
        run::<DIM>(bencher, rows, kernel::scalar::dot_rows_i8_i16);
    }

    /// The same rows in 2 bits a value.
    #[divan::bench(consts = [256, 384], args = ROWS)]
    fn codes<const DIM: usize>(bencher: Bencher, rows: usize) {
        let mut random = Random(1);
        let values: Vec<u8> = (0..rows * DIM / 4).map(|_| random.below(256) as u8).collect();
        let query: Vec<i16> = (0..DIM).map(|_| random.below(65_535) as i16).collect();
        let query = kernel::CodeQuery::new(&query);
        bencher
            .counter(ItemsCount::new(rows))
            .counter(BytesCount::new(values.len()))
            .with_inputs(|| vec![0; rows])
            .bench_local_refs(|scores| kernel::dot_rows_codes(&values, &query, scores));
    }

    fn run<const DIM: usize>(
        bencher: Bencher,
        rows: usize,
        dot_rows: impl Fn(&[i8], &[i16], &mut [i32]) + Sync,
    ) {
        let mut random = Random(1);
        let values: Vec<i8> = (0..rows * DIM).map(|_| random.below(255) as i8).collect();
        let query: Vec<i16> = (0..DIM).map(|_| random.below(65_535) as i16).collect();
        bencher
            .counter(ItemsCount::new(rows))
            .counter(BytesCount::new(rows * DIM))
            .with_inputs(|| vec![0; rows])
            .bench_local_refs(|scores| dot_rows(&values, &query, scores));
    }
}

/// The first phase of a search among 50,000 passages.
mod search {
    use super::Random;
    use divan::Bencher;
    use haversack_engine::embed::minilm::embedded;
    use haversack_engine::vector::index::VectorIndex;
    use haversack_engine::vector::search::candidates;
    use haversack_engine::vector::segment::SegmentVectors;
    use std::sync::LazyLock;

    const PASSAGES: usize = 50_000;
    const QUERIES: usize = 20;

    /// Made-up passages of 40 words: half of them of one of 500 topics, half of the common words.
    static VECTORS: LazyLock<Vec<Vec<f32>>> = LazyLock::new(|| {
        let vocab = embedded().wordpiece().vocab();
        let words: Vec<&str> = (0..vocab.len() as u32)
            .filter_map(|id| vocab.token(id))
            .filter(|token| token.len() > 2 && token.bytes().all(|byte| byte.is_ascii_lowercase()))
            .collect();
        let mut random = Random(2);
        (0..PASSAGES + QUERIES)
            .map(|_| {
                let topic = random.below(500) * 30;
                let text: Vec<&str> = (0..40)
                    .map(|n| {
                        let word = if n % 2 == 0 { topic + random.below(30) } else { random.below(3000) };
                        words[word as usize % words.len()]
                    })
                    .collect();
                embedded().embed(&text.join(" "))
            })
            .collect()
    });

    /// The passages in segments of the given number of rows.
    fn index(segment_rows: usize) -> VectorIndex {
        let mut index = VectorIndex::new(256).unwrap();
        for (id, rows) in (0..).zip(VECTORS[QUERIES..].chunks(segment_rows)) {
            let segment = SegmentVectors::quantize(id, 256, rows.iter().map(Vec::as_slice)).unwrap();
            index.insert(segment).unwrap();
        }
        index
    }

    /// How many float rows the second phase is asked to load.
    pub fn print_candidate_counts() {
        let index = index(100);
        for k in [4, 10, 50] {
            let mut counts: Vec<usize> = VECTORS[..QUERIES]
                .iter()
                .map(|query| candidates(&index, query, k, None).unwrap().len())
                .collect();
            counts.sort_unstable();
            println!(
                "{PASSAGES} passages, k = {k}: {} candidates in the median, {} to {}",
                counts[QUERIES / 2],
                counts[0],
                counts[QUERIES - 1]
            );
        }
        println!("{} bytes of memory a passage", index.bytes() / PASSAGES);
    }

    #[divan::bench(args = [1, 100, 50_000])]
    fn candidates_of_50_000(bencher: Bencher, segment_rows: usize) {
        let index = index(segment_rows);
        let mut query = VECTORS[..QUERIES].iter().cycle();
        bencher.bench_local(|| candidates(&index, query.next().unwrap(), 4, None));
    }

    #[divan::bench]
    fn candidates_of_every_other_segment(bencher: Bencher) {
        let index = index(1);
        let allow = |segment: u64| segment.is_multiple_of(2);
        bencher.bench(|| candidates(&index, &VECTORS[0], 4, Some(&allow)));
    }

    #[divan::bench]
    fn insert_50_000_one_by_one(bencher: Bencher) {
        bencher
            .with_inputs(|| {
                let rows = VECTORS[..PASSAGES].iter();
                (0..)
                    .zip(rows)
                    .map(|(id, row)| SegmentVectors::quantize(id, 256, [&row[..]]).unwrap())
                    .collect()
            })
            .bench_values(|segments: Vec<SegmentVectors>| {
                let mut index = VectorIndex::new(256).unwrap();
                segments.into_iter().for_each(|segment| drop(index.insert(segment)));
                index
            });
    }

    #[divan::bench]
    fn quantize_a_row(bencher: Bencher) {
        bencher.bench(|| SegmentVectors::quantize(0, 256, [divan::black_box(&VECTORS[0][..])]));
    }

    #[divan::bench]
    fn decode_50_000(bencher: Bencher) {
        let rows = VECTORS[..PASSAGES].iter().map(Vec::as_slice);
        let bytes = SegmentVectors::quantize(0, 256, rows).unwrap().encode();
        bencher.bench(|| SegmentVectors::decode(0, &bytes));
    }
}

mod embed {
    use divan::Bencher;
    use divan::counter::{BytesCount, ItemsCount};
    use haversack_engine::embed::minilm::embedded;

    const PARAGRAPH: &str = "Haversack keeps documents, their index and the chat about them in one place. When a \
        question comes in, the engine embeds it, looks for the nearest passages, fuses them with a lexical ranking \
        and hands the best ones to a language model. Nothing of this needs a server: the same code answers inside \
        of a browser tab, on an edge function or on a workstation without a network. Retrieval-augmented \
        generation (RAG) is no better than what it retrieves; tokenization, quantization and ranking are \
        therefore deterministic, and every score can be explained.\n";

    fn english() -> String {
        PARAGRAPH.repeat(200)
    }

    fn latin() -> String {
        "Größere Änderungen über Straßen à côté, señor — naïve façade; Łódź, Žluťoučký kůň. ".repeat(1000)
    }

    #[divan::bench(args = ["english", "latin"])]
    fn tokenize(bencher: Bencher, kind: &str) {
        run(bencher, kind, |text| {
            let mut count = 0;
            embedded().wordpiece().for_each_word(text, |ids| count += ids.len());
            count
        });
    }

    #[divan::bench(args = ["english", "latin"])]
    fn embed(bencher: Bencher, kind: &str) {
        run(bencher, kind, |text| embedded().embed(text));
    }

    /// A query, where the fixed cost shows.
    #[divan::bench]
    fn embed_question(bencher: Bencher) {
        bencher.bench(|| embedded().embed(divan::black_box("how do I reset my password?")));
    }

    /// What the first call of a process pays.
    #[divan::bench]
    fn parse(bencher: Bencher) {
        use bytes::Bytes;
        use haversack_engine::embed::minilm::StaticModel;
        let tensors = include_bytes!("../assets/static-minilm-256/model.safetensors");
        let vocab = include_bytes!("../assets/static-minilm-256/vocab.txt");
        bencher.bench(|| StaticModel::parse(Bytes::from_static(tensors), Bytes::from_static(vocab)).is_ok());
    }

    fn run<T>(bencher: Bencher, kind: &str, work: impl Fn(&str) -> T + Sync) {
        let text = if kind == "latin" { latin() } else { english() };
        let tokens = embedded().wordpiece().ids(&text).len();
        bencher.counter(ItemsCount::new(tokens)).counter(BytesCount::of_str(&text)).bench(|| work(&text));
    }
}
