//! The engine behind three plain exports: start a run, feed it, poll it, all in JSON.
//!
//! It is built for wasm32 to prove that the engine asks nothing of its surroundings.

use haversack_engine::seam::{ApiRequest, Input, Origin, Run, UnixMs};
use haversack_engine::{Engine, Settings};
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for `length` bytes of JSON and says where.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(length: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(length, 0);
        buffer.as_mut_ptr()
    })
}

/// Starts the run that the buffer describes as `[request, origin]`. 0 if it could not be read.
#[unsafe(no_mangle)]
pub extern "C" fn start() -> u32 {
    let read = BUFFER.with_borrow(|json| serde_json::from_slice::<(ApiRequest, Origin)>(json));
    let Ok((request, origin)) = read else { return 0 };
    let (settings, _) = Settings::from_vars(&BTreeMap::new());
    RUN.set(Some(Engine::new(settings).start(request, origin)));
    1
}

/// Feeds the input that the buffer holds as `[now, input]`. 0 if it could not be taken.
#[unsafe(no_mangle)]
pub extern "C" fn handle() -> u32 {
    let read = BUFFER.with_borrow(|json| serde_json::from_slice::<(UnixMs, Input)>(json));
    let Ok((now, input)) = read else { return 0 };
    RUN.with_borrow_mut(|run| run.as_mut().is_some_and(|run| run.handle(now, input).is_ok()).into())
}

/// Polls, leaves the output as JSON in the buffer and gives its length.
#[unsafe(no_mangle)]
pub extern "C" fn poll() -> usize {
    let output = RUN.with_borrow_mut(|run| run.as_mut().map(Run::poll));
    let json = serde_json::to_vec(&output).unwrap_or_default();
    let length = json.len();
    BUFFER.set(json);
    length
}
