use super::*;

fn request(name: &str, bytes: impl Into<bytes::Bytes>) -> ExtractRequest {
    ExtractRequest { name: name.into(), mime: None, bytes: bytes.into() }
}

fn extractor(options: ExtractionOptions) -> Extractor {
    Extractor::new(options).unwrap()
}

/// Some hundred milliseconds of work.
fn long() -> ExtractRequest {
    request("long.csv", "a,b,c\n1,2,3\n".repeat(3_000_000))
}

#[tokio::test]
async fn a_file_at_fault_is_named_and_the_next_one_is_read() {
    let patient = extractor(ExtractionOptions::default());
    let hasty =
        extractor(ExtractionOptions { time: Duration::from_millis(1), ..ExtractionOptions::default() });
    let small = extractor(ExtractionOptions { memory_bytes: 64 << 20, ..ExtractionOptions::default() });
    for (extractor, file, kind, words) in [
        (&patient, request("empty.txt", " "), HostErrorKind::Rejected, "No text content found in empty.txt."),
        (&hasty, long(), HostErrorKind::Timeout, "Error processing long.csv: it took longer than 0.001 s"),
        (
            &small,
            request("large.txt", vec![b'x'; 60 << 20]),
            HostErrorKind::Rejected,
            "Error processing large.txt: it needs more than the ",
        ),
    ] {
        let error = extractor.extract(Caller::Unknown, file).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.starts_with(words), "{error}");
        let next = extractor.extract(Caller::Unknown, request("next.txt", "text")).await.unwrap();
        assert_eq!(next.documents[0].text, "text");
    }
}

#[tokio::test]
async fn a_file_that_waits_too_long_is_told_to_come_back() {
    let options =
        ExtractionOptions { slots: 2, wait: Duration::from_millis(1), ..ExtractionOptions::default() };
    let extractor = extractor(options);
    let greedy = Caller::Credential(1);
    let (first, second) = tokio::join!(extractor.extract(greedy, long()), extractor.extract(greedy, long()));
    let error = first.and(second).unwrap_err();
    assert_eq!(error.kind, HostErrorKind::Busy);
    assert!(error.message.contains("HAVERSACK_EXTRACT_WAIT_SECONDS"), "{error}");
}

#[tokio::test]
async fn work_for_somebody_who_left_ends() {
    let extractor = extractor(ExtractionOptions { slots: 2, ..ExtractionOptions::default() });
    let caller = Caller::Credential(1);
    let left = tokio::time::timeout(Duration::from_millis(1), extractor.extract(caller, long())).await;
    assert!(left.is_err(), "it takes longer");
    // The caller's only slot comes back.
    assert!(extractor.extract(caller, request("next.txt", "text")).await.is_ok());
}
