//! The seam's rules, each with the smallest run that shows it.

use super::*;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

fn origin() -> Origin {
    Origin { seed: [7; 32], now: UnixMs(1000), utc_offset_minutes: 0, operator: false, peer: None }
}

fn get(key: &str) -> KvOp {
    KvOp::Get { keys: vec![Key::new(key)] }
}

fn value(text: &'static str) -> Result<Reply, HostError> {
    let blob = text_or_base64::Blob(Bytes::from_static(text.as_bytes()));
    Ok(Reply::Kv(KvReply::Values(vec![Some(blob)])))
}

fn settled(id: u64, result: Result<Reply, HostError>) -> Input {
    Input::Settled { id: EffectId(id), result }
}

/// Polls until the run rests; the outputs before that, and the last one.
fn drain(run: &mut Run) -> (Vec<Output>, Output) {
    let mut outputs = Vec::new();
    loop {
        match run.poll() {
            last @ (Output::Wait { .. } | Output::Done | Output::Stalled) => return (outputs, last),
            output => outputs.push(output),
        }
    }
}

fn ids(outputs: &[Output]) -> Vec<u64> {
    outputs.iter().filter_map(|o| if let Output::Effect { id, .. } = o { Some(id.0) } else { None }).collect()
}

#[test]
fn parallel_effects_settle_in_any_order() {
    let mut run = Run::new(&origin(), |cx| async move {
        let mut pending: FuturesUnordered<_> = ["a", "b", "c"].into_iter().map(|k| cx.call(get(k))).collect();
        while let Some(reply) = pending.next().await {
            let Ok(KvReply::Values(values)) = reply else { return };
            cx.body(values[0].clone().unwrap().0);
        }
    });
    let (outputs, rest) = drain(&mut run);
    assert_eq!(ids(&outputs), [1, 2, 3]);
    assert_eq!(rest, Output::Wait { until: None });
    for (id, text) in [(3, "third"), (1, "first"), (2, "second")] {
        run.handle(UnixMs(1001), settled(id, value(text))).unwrap();
        let (outputs, _) = drain(&mut run);
        assert_eq!(outputs, [Output::Body(Bytes::from_static(text.as_bytes()))]);
    }
    assert_eq!(run.poll(), Output::Done);
}

#[test]
fn what_arrived_before_a_failure_comes_out_first() {
    let mut run = Run::new(&origin(), |cx| async move {
        let mut tokens = cx.stream(CompleteRequest {
            model: "m".into(),
            messages: vec![],
            temperature: 0.0,
            max_tokens: 1,
        });
        loop {
            match tokens.next().await {
                Ok(Ok(bytes)) => cx.body(bytes),
                Ok(Err(_)) => cx.body("end".into()),
                Err(error) => return cx.body(error.message.into()),
            }
        }
    });
    drain(&mut run);
    let chunk = Input::Chunk { id: EffectId(1), bytes: "he".into() };
    run.handle(UnixMs(1), chunk).unwrap();
    run.handle(UnixMs(1), settled(1, Err(HostError::new(HostErrorKind::Unavailable, "cut")))).unwrap();
    let (outputs, rest) = drain(&mut run);
    assert_eq!(outputs, [Output::Body("he".into()), Output::Body("cut".into())]);
    assert_eq!(rest, Output::Done);
}

#[test]
fn a_dropped_effect_is_cancelled_and_its_late_report_ignored() {
    let mut run = Run::new(&origin(), |cx| async move {
        let slow = cx.timeout(50, cx.call(get("slow"))).await;
        assert!(slow.is_err());
        cx.body("gave up".into());
        let _ = cx.call(get("other")).await;
    });
    let (_, rest) = drain(&mut run);
    assert_eq!(rest, Output::Wait { until: Some(UnixMs(1050)) });
    run.handle(UnixMs(1050), Input::Tick).unwrap();
    let (outputs, _) = drain(&mut run);
    assert_eq!(outputs[0], Output::Cancel { id: EffectId(1) });
    run.handle(UnixMs(1051), settled(1, value("late"))).unwrap();
    assert!(matches!(drain(&mut run), (outputs, Output::Wait { .. }) if outputs.is_empty()));
}

#[test]
fn misuse_is_named_and_changes_nothing() {
    let mut run = Run::new(&origin(), |cx| async move {
        let _ = cx.call(get("a")).await;
        let _ = cx.call(get("b")).await;
    });
    drain(&mut run);
    assert_eq!(run.handle(UnixMs(1), settled(9, value("x"))), Err(Misuse::NeverIssued(EffectId(9))));
    run.handle(UnixMs(1), settled(1, value("x"))).unwrap();
    assert_eq!(run.handle(UnixMs(1), settled(1, value("x"))), Err(Misuse::AlreadySettled(EffectId(1))));
    drain(&mut run);
    run.handle(UnixMs(1), settled(2, value("x"))).unwrap();
    assert_eq!(run.poll(), Output::Done);
}

#[test]
fn waiting_for_nothing_the_host_can_bring_is_a_stall() {
    let mut run = Run::new(&origin(), |_cx| std::future::pending::<()>());
    assert_eq!(run.poll(), Output::Stalled);
}

#[test]
fn a_disconnect_is_an_input_the_run_can_act_on() {
    let mut run = Run::new(&origin(), |cx| async move {
        cx.disconnected().await;
        let _ = cx.call(KvOp::Commit { expect: vec![], writes: vec![] }).await;
    });
    drain(&mut run);
    run.handle(UnixMs(2), Input::Disconnected).unwrap();
    let (outputs, _) = drain(&mut run);
    assert!(matches!(&outputs[..], [Output::Effect { effect: Effect::Kv(KvOp::Commit { .. }), .. }]));
}

#[test]
fn same_seed_same_ids_and_the_clock_never_steps_back() {
    let ids = |seed| {
        let mut run = Run::new(&Origin { seed: [seed; 32], ..origin() }, |cx| async move {
            cx.body(cx.uuid().to_string().into());
        });
        drain(&mut run).0
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));

    let mut run = Run::new(&origin(), |cx| async move {
        let _ = cx.call(get("a")).await;
        cx.body(cx.now().0.to_string().into());
    });
    drain(&mut run);
    run.handle(UnixMs(5), settled(1, value("x"))).unwrap();
    assert_eq!(drain(&mut run).0, [Output::Body("1000".into())]);
}

mod transcripts {
    use super::*;
    use crate::seam::transcript::{Recorder, Transcript, TranscriptError, replay};

    fn request() -> ApiRequest {
        ApiRequest {
            method: "GET".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![],
            body: Bytes::new(),
        }
    }

    fn start(greeting: &'static str) -> Run {
        Run::new(&origin(), move |cx| async move {
            if let Ok(KvReply::Values(values)) = cx.call(get("name")).await {
                cx.body(format!("{greeting} {:?}", values[0]).into());
            }
        })
    }

    fn record() -> Transcript {
        let mut recorder = Recorder::new(start("hello"), request(), origin());
        while !matches!(recorder.poll(), Output::Wait { .. }) {}
        recorder.handle(UnixMs(1002), settled(1, value("Ada"))).unwrap();
        while recorder.poll() != Output::Done {}
        recorder.finish()
    }

    #[test]
    fn a_transcript_survives_its_file_and_replays() {
        let transcript = record();
        let text = transcript.to_jsonl().unwrap();
        let read = Transcript::from_jsonl(&text).unwrap();
        assert_eq!(read, transcript);
        replay(start("hello"), &read, &|_| None).unwrap();
    }

    #[test]
    fn a_changed_engine_diverges_where_it_changed() {
        let divergence = replay(start("goodbye"), &record(), &|_| None).unwrap_err();
        assert!(divergence.recorded.contains("hello") && divergence.replayed.contains("goodbye"));
    }

    #[test]
    fn a_foreign_format_is_refused() {
        let text = record().to_jsonl().unwrap();
        let foreign = text.replacen("\"haversack_transcript\":1", "\"haversack_transcript\":99", 1);
        assert!(matches!(Transcript::from_jsonl(&foreign), Err(TranscriptError::ForeignFormat(99))));
        assert!(matches!(Transcript::from_jsonl(""), Err(TranscriptError::Empty)));
        assert!(matches!(Transcript::from_jsonl("{}"), Err(TranscriptError::Malformed(1, _))));
    }
}
