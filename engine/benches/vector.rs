//! `cargo bench -p haversack-engine --bench vector`

fn main() {
    divan::main();
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
