use super::*;
use std::time::Duration;

fn sandbox(memory: u64) -> Sandbox {
    Sandbox::new(Arc::new(Budget::new(memory, 2))).unwrap()
}

fn file(name: &str, bytes: impl Into<bytes::Bytes>) -> OwnedSource {
    OwnedSource { name: name.into(), mime: None, bytes: bytes.into() }
}

fn read(
    sandbox: &Sandbox,
    file: &OwnedSource,
    time: Duration,
    cancelled: bool,
) -> Result<Result<Extracted, String>, Stopped> {
    let limits = Limits::default();
    let cancelled = Arc::new(AtomicBool::new(cancelled));
    sandbox.read(file, Allowance { limits: &limits, deadline: Instant::now() + time, cancelled })
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_file_comes_out_as_the_parsers_read_it() {
    let sandbox = sandbox(1 << 30);
    let page = "<html><head><title>Otters</title></head><body><h1>Otters</h1><p>They swim.</p></body></html>";
    let extracted = read(&sandbox, &file("otters.html", page), MINUTE, false).unwrap().unwrap();
    assert_eq!(extracted.documents[0].title.as_deref(), Some("Otters"));
    assert!(extracted.documents[0].text.contains("They swim."));
    let why = read(&sandbox, &file("empty.txt", ""), MINUTE, false).unwrap().unwrap_err();
    assert_eq!(why, "No text content found in empty.txt.");
    let mime = OwnedSource {
        mime: Some("text/plain; charset=windows-1252".into()),
        ..file("odd.txt", vec![0xe9; 3])
    };
    assert_eq!(read(&sandbox, &mime, MINUTE, false).unwrap().unwrap().documents[0].text, "ééé");
}

#[test]
fn memory_has_an_end_and_the_next_file_has_its_own() {
    let sandbox = sandbox(64 << 20);
    let large = file("large.txt", vec![b'x'; 60 << 20]);
    let most = sandbox.budget.file_bytes();
    assert_eq!(read(&sandbox, &large, MINUTE, false), Err(Stopped::Memory(most)));
    assert!(read(&sandbox, &file("small.txt", "small"), MINUTE, false).unwrap().is_ok());
}

#[test]
fn a_deadline_and_a_caller_that_leaves_end_the_work() {
    let sandbox = sandbox(2 << 30);
    // Some hundred milliseconds of work, which is more than a tick of the clock.
    let long = file("long.csv", "a,b,c\n1,2,3\n".repeat(3_000_000));
    assert_eq!(read(&sandbox, &long, Duration::ZERO, false), Err(Stopped::Late));
    assert_eq!(read(&sandbox, &long, MINUTE, true), Err(Stopped::Cancelled));
}

#[test]
fn what_nests_without_end_is_one_refused_file() {
    let sandbox = sandbox(1 << 30);
    for (name, bytes) in [
        ("deep.html", "<table><tr><td></q>x".repeat(30_000)),
        ("deep.json", "[".repeat(1_000_000)),
        ("deep.md", "> ".repeat(100_000)),
    ] {
        let outcome = read(&sandbox, &file(name, bytes), MINUTE, false);
        assert!(!matches!(outcome, Err(Stopped::Broke(_) | Stopped::Late)), "{name}: {outcome:?}");
    }
}
