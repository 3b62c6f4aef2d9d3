//! The published test vectors of the model in `assets/`.

use crate::minilm::embedded;
use crate::vector::kernel::dot_f32;

/// `norm` is the length of the sum divided by the number of tokens; `first` are the first dimensions.
fn check(text: &str, norm: f32, first: [f32; 8]) {
    let sum = embedded().sum(text);
    let tokens = embedded().wordpiece().ids(text).len() as f32;
    assert!((dot_f32(&sum, &sum).sqrt() / tokens - norm).abs() < 1e-6, "norm of {text:?}");
    let vector = embedded().embed(text);
    for (value, expected) in vector.iter().zip(first) {
        assert!((value - expected).abs() < 6e-6, "{text:?}: {value} is not {expected}");
    }
}

#[test]
fn vectors() {
    check(
        "how do I reset my password?",
        0.241049,
        [0.03732, -0.00165, 0.09169, 0.07367, -0.17682, 0.16466, 0.02577, -0.04258],
    );
    check(
        "The quick brown fox jumps over the lazy dog.",
        0.252992,
        [0.24524, 0.09197, -0.03308, -0.0569, -0.0347, 0.20609, -0.15091, 0.11607],
    );
    check(
        "WebAssembly runs in the browser and at the edge.",
        0.172608,
        [0.28857, -0.05693, -0.19211, 0.00905, -0.11042, 0.00826, -0.03818, 0.15079],
    );
    check(
        "Retrieval-augmented generation grounds a language model's answer in retrieved documents.",
        0.194740,
        [0.41171, -0.06204, 0.0095, 0.07, 0.27268, -0.02004, 0.08484, -0.16633],
    );
    check(
        "café Ünïcödé 東京 don't 20°C",
        0.275782,
        [0.01148, -0.18344, 0.02256, -0.13138, 0.05573, 0.00764, -0.12976, -0.01055],
    );
}

#[test]
fn similarities() {
    for (a, b, expected) in [
        ("That is a happy person", "That is a very happy person", 0.9774),
        ("That is a happy person", "That is a happy dog", 0.5999),
        ("That is a happy person", "Today is a sunny day", 0.2588),
        ("how do I reset my password?", "Steps to recover a forgotten login credential", 0.4327),
        ("how do I reset my password?", "The boundary layer of a flat plate in hypersonic flow", -0.0313),
        (
            "install a PostgreSQL extension",
            "CREATE EXTENSION loads a new extension into the current database",
            0.3893,
        ),
        ("heart attack", "myocardial infarction", 0.3895),
    ] {
        let similarity = dot_f32(&embedded().embed(a), &embedded().embed(b));
        assert!((similarity - expected).abs() < 6e-5, "{a:?} / {b:?}: {similarity} is not {expected}");
    }
}

#[test]
fn the_empty_text_is_zero() {
    assert_eq!(embedded().embed(""), [0.0; 256]);
}

/// The bytes of one vector, summed up: any host that adds in another order prints another number.
#[test]
fn bytes_are_the_same_on_every_host() {
    let vector =
        embedded().embed("The same text gives the same bytes: on x86, on ARM, in WebAssembly. Ünïcödé");
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(crate::checksum::crc32(&bytes), 685_662_673);
}
