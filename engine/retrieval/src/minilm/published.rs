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
        assert!((value - expected).abs() < 2e-6, "{text:?}: {value} is not {expected}");
    }
}

#[test]
fn vectors() {
    check(
        "how do I reset my password?",
        0.279299,
        [0.012408, -0.075139, -0.035928, 0.090221, -0.154827, 0.087856, -0.035554, -0.022987],
    );
    check(
        "The quick brown fox jumps over the lazy dog.",
        0.277494,
        [0.156942, -0.08818, -0.075472, -0.027813, -0.132591, 0.089827, -0.128378, 0.00021],
    );
    check(
        "WebAssembly runs in the browser and at the edge.",
        0.150605,
        [0.098282, 0.082297, -0.141903, 0.031918, 0.084453, -0.083971, -0.163902, -0.111282],
    );
    check(
        "café Ünïcödé 東京 don't 20°C",
        0.286559,
        [0.007993, 0.144509, -0.087168, -0.116863, -0.072479, 0.079271, 0.08503, 0.022952],
    );
    check(
        "heart attack",
        0.611127,
        [0.090925, -0.09439, -0.049004, 0.061288, -0.04231, 0.082642, -0.079995, 0.007238],
    );
}

#[test]
fn similarities() {
    for (a, b, expected) in [
        ("That is a happy person", "That is a very happy person", 0.9829),
        ("That is a happy person", "That is a happy dog", 0.5230),
        ("That is a happy person", "Today is a sunny day", 0.2071),
        ("how do I reset my password?", "Steps to recover a forgotten login credential", 0.4154),
        ("how do I reset my password?", "The boundary layer of a flat plate in hypersonic flow", -0.0457),
        (
            "install a PostgreSQL extension",
            "CREATE EXTENSION loads a new extension into the current database",
            0.3642,
        ),
        ("heart attack", "myocardial infarction", 0.4073),
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
    assert_eq!(crate::checksum::crc32(&bytes), 2_853_034_086);
}
