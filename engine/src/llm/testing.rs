//! A host for tests: it answers effects from a script and never sleeps.

use crate::seam::{
    Cx, Effect, EffectId, HostError, HostErrorKind, HttpHead, HttpRequest, Input, Origin, Output, Reply, Run,
    UnixMs,
};
use bytes::Bytes;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex};

/// How one effect goes.
pub(crate) struct Script {
    head: Option<HttpHead>,
    chunks: Vec<Bytes>,
    /// `None`: it never settles.
    end: Option<Result<Reply, HostError>>,
}

impl Script {
    /// A whole HTTP reply.
    pub fn reply(status: u16, body: impl Into<Bytes>) -> Script {
        Script::stream(status, [body.into()])
    }

    /// An HTTP reply in pieces.
    pub fn stream(status: u16, chunks: impl IntoIterator<Item = Bytes>) -> Script {
        let head = HttpHead { status, headers: vec![], url: String::new() };
        Script { head: Some(head), chunks: chunks.into_iter().collect(), end: Some(Ok(Reply::Http)) }
    }

    /// Any other reply.
    pub fn settle(reply: Reply) -> Script {
        Script { head: None, chunks: vec![], end: Some(Ok(reply)) }
    }

    /// No reply at all.
    pub fn fail(kind: HostErrorKind, message: &str) -> Script {
        Script { head: None, chunks: vec![], end: Some(Err(HostError::new(kind, message))) }
    }

    pub fn header(mut self, name: &str, value: &str) -> Script {
        if let Some(head) = &mut self.head {
            head.headers.push((name.into(), value.into()));
        }
        self
    }

    /// Pieces of a reply that is no HTTP.
    pub fn chunks(mut self, chunks: impl IntoIterator<Item = Bytes>) -> Script {
        self.chunks = chunks.into_iter().collect();
        self
    }

    /// Breaks off after the chunks.
    pub fn cut(mut self, kind: HostErrorKind) -> Script {
        self.end = Some(Err(HostError::new(kind, "cut")));
        self
    }

    /// Never ends.
    pub fn open(mut self) -> Script {
        self.end = None;
        self
    }
}

type Answer = Box<dyn FnMut(&Effect) -> Script>;

/// The host, and what it saw.
pub(crate) struct FakeHost {
    answer: Answer,
    /// Effects that began together are answered last first.
    pub last_first: bool,
    pub requests: Vec<HttpRequest>,
    pub effects: Vec<Effect>,
    pub pauses_ms: Vec<u64>,
    pub cancelled: Vec<EffectId>,
    /// How many effects were in flight at once, at most.
    pub in_flight_max: usize,
}

impl FakeHost {
    /// Answers HTTP requests from `scripts` in order; breathes when asked.
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> FakeHost {
        let mut scripts: VecDeque<Script> = scripts.into_iter().collect();
        FakeHost::answering(move |effect| {
            scripts.pop_front().unwrap_or_else(|| panic!("no script for {effect:?}"))
        })
    }

    /// Answers as `answer` says.
    pub fn answering(answer: impl FnMut(&Effect) -> Script + 'static) -> FakeHost {
        FakeHost {
            answer: Box::new(answer),
            last_first: false,
            requests: vec![],
            effects: vec![],
            pauses_ms: vec![],
            cancelled: vec![],
            in_flight_max: 0,
        }
    }

    /// Runs `body` to its end; time jumps to the next timer when nothing else is left to do.
    pub fn run<T, F>(&mut self, body: impl FnOnce(Cx) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let result = Arc::new(Mutex::new(None));
        let slot = result.clone();
        let origin = Origin {
            seed: [7; 32],
            now: UnixMs(1_000_000),
            utc_offset_minutes: 0,
            operator: false,
            peer: None,
        };
        let mut run = Run::new(&origin, |cx| {
            let body = body(cx);
            async move {
                let value = body.await;
                *slot.lock().unwrap() = Some(value);
            }
        });
        let mut now = origin.now;
        let mut waiting: VecDeque<Vec<Input>> = VecDeque::new();
        loop {
            match run.poll() {
                Output::Effect { id, effect } => {
                    waiting.push_back(self.start(id, effect));
                    self.in_flight_max = self.in_flight_max.max(waiting.len());
                }
                Output::Cancel { id } => self.cancelled.push(id),
                Output::Wait { until } => {
                    let next = if self.last_first { waiting.pop_back() } else { waiting.pop_front() };
                    match (next, until) {
                        (Some(inputs), _) => {
                            for input in inputs {
                                run.handle(now, input).unwrap();
                            }
                        }
                        (None, Some(until)) => {
                            self.pauses_ms.push((until.0 - now.0) as u64);
                            now = until;
                            run.handle(now, Input::Tick).unwrap();
                        }
                        (None, None) => panic!("the run waits for an effect that never ends"),
                    }
                }
                Output::Done => break,
                Output::Stalled => panic!("stalled"),
                Output::Head(_) | Output::Body(_) => {}
            }
        }
        let value = result.lock().unwrap().take();
        value.expect("the body ran to its end")
    }

    fn start(&mut self, id: EffectId, effect: Effect) -> Vec<Input> {
        if let Effect::Http(request) = &effect {
            self.requests.push(request.clone());
        }
        let script = match &effect {
            Effect::Breathe => Script::settle(Reply::Breathe),
            effect => (self.answer)(effect),
        };
        self.effects.push(effect);
        let head = script.head.map(|head| Input::Head { id, head });
        let chunks = script.chunks.into_iter().map(|bytes| Input::Chunk { id, bytes });
        let end = script.end.map(|result| Input::Settled { id, result });
        head.into_iter().chain(chunks).chain(end).collect()
    }
}
