//! The simulator itself, by programs small enough to see through.

use super::faults::{Plan, Profile};
use super::{Defect, Ending, Program, SimHost};
use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{ApiRequest, Cx, Head, Key, KvOp, KvReply, Origin, Run, Write};
use std::sync::Arc;

type Body = fn(Cx) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone)]
struct Toy(Body);

impl Program for Toy {
    fn start(&self, _: ApiRequest, origin: Origin) -> Run {
        Run::new(&origin, self.0)
    }

    fn maintain(&self, origin: Origin) -> Run {
        Run::new(&origin, self.0)
    }

    fn cold(&self) -> Arc<dyn Program> {
        Arc::new(self.clone())
    }
}

fn request() -> ApiRequest {
    ApiRequest {
        method: "GET".into(),
        path: "/".into(),
        query: String::new(),
        headers: vec![],
        body: Bytes::new(),
    }
}

async fn number(cx: &Cx) -> Option<(Option<Blob>, u64)> {
    let Ok(KvReply::Values(values)) = cx.call(KvOp::Get { keys: vec![Key::new("n")] }).await else {
        return None;
    };
    let old = values.into_iter().next()?;
    let text = old.as_ref().map_or("0".into(), |Blob(bytes)| String::from_utf8_lossy(bytes).into_owned());
    Some((old, text.parse().ok()?))
}

fn put(n: u64) -> Vec<Write> {
    vec![Write::Put(Key::new("n"), n.to_string().into())]
}

fn say(cx: &Cx, status: u16) {
    cx.head(Head { status, headers: vec![], streaming: false });
}

/// Counts up, and says 200 only once that is committed.
fn careful(cx: Cx) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        while let Some((old, n)) = number(&cx).await {
            let op = KvOp::Commit { expect: vec![(Key::new("n"), old)], writes: put(n + 1) };
            match cx.call(op).await {
                Ok(KvReply::Committed) => return say(&cx, 200),
                Ok(_) => continue,
                Err(_) => break,
            }
        }
        say(&cx, 500);
    })
}

/// Counts up without looking whether somebody else did, too.
fn careless(cx: Cx) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let Some((_, n)) = number(&cx).await else { return say(&cx, 500) };
        match cx.call(KvOp::Commit { expect: vec![], writes: put(n + 1) }).await {
            Ok(KvReply::Committed) => say(&cx, 200),
            _ => say(&cx, 500),
        }
    })
}

fn stalling(cx: Cx) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        say(&cx, 200);
        std::future::pending::<()>().await;
    })
}

/// Runs ten calls at once; how many were acknowledged, and the number in the store.
fn ten(body: Body, seed: u64, profile: Profile) -> (u64, u64, String) {
    let mut host = SimHost::new(Arc::new(Toy(body)), seed, Plan::Random(profile));
    for _ in 0..10 {
        host.start(request(), false);
    }
    while host.step() {}
    let acknowledged = host.take_finished().values().filter(|outcome| outcome.answer.status == 200).count();
    let stored = host.store.get(&Key::new("n")).map_or(0, |b| String::from_utf8_lossy(b).parse().unwrap());
    (acknowledged as u64, stored, host.digest())
}

#[test]
fn a_careful_program_loses_no_acknowledged_write_in_any_weather() {
    for seed in 0..50 {
        for profile in Profile::ALL {
            let (acknowledged, stored, _) = ten(careful, seed, profile);
            assert!(acknowledged <= stored, "seed {seed}, {}: {acknowledged} > {stored}", profile.name);
        }
    }
}

#[test]
fn a_lost_update_is_found() {
    let lost = (0..50).any(|seed| {
        let (acknowledged, stored, _) = ten(careless, seed, Profile::SHUFFLED);
        acknowledged > stored
    });
    assert!(lost);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let digest = |seed| ten(careful, seed, Profile::ROUGH).2;
    assert_eq!(digest(3), digest(3));
    assert_ne!(digest(3), digest(4));
}

#[test]
fn the_nth_effect_fails_once_or_from_then_on() {
    let status = |n, persistent| {
        let mut host = SimHost::new(Arc::new(Toy(careful)), 1, Plan::Nth { n, persistent });
        (host.call(request(), false).answer.status, host.call(request(), false).answer.status)
    };
    assert_eq!(status(1, false), (500, 200));
    assert_eq!(status(2, true), (500, 500));
    assert_eq!(status(3, false), (200, 500));
    assert_eq!(status(9, true), (200, 200));
}

#[test]
fn a_crash_ends_every_run_and_keeps_what_was_committed() {
    let mut host = SimHost::new(Arc::new(Toy(careful)), 1, Plan::Random(Profile::CALM));
    assert_eq!(host.call(request(), false).answer.status, 200);
    let before = host.store.clone();
    let run = host.start(request(), false);
    host.crash();
    assert_eq!(host.take_finished()[&run].ending, Ending::Crashed);
    assert_eq!(host.store, before);
    assert!(!host.step());
}

#[test]
fn a_stalled_run_is_named_a_defect() {
    let mut host = SimHost::new(Arc::new(Toy(stalling)), 1, Plan::Random(Profile::CALM));
    assert_eq!(host.call(request(), false).ending, Ending::Defect(Defect::Stalled));
}
