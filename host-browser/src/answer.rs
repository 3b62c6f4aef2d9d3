//! A run's answer on its way to JavaScript.

use bytes::Bytes;
use haversack_engine::seam::Head;
use js_sys::{Array, Promise, Uint8Array};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// What both ends share.
#[derive(Default)]
struct State {
    head: Option<Head>,
    pieces: VecDeque<Bytes>,
    /// The run is over; `false` if it broke off.
    ended: Option<bool>,
    gone: bool,
    /// The client waits for a head, a piece or the end.
    reader: Option<Waker>,
    /// The run waits for the client to take a piece, or to leave.
    writer: Option<Waker>,
}

impl State {
    fn wake_reader(&mut self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    fn wake_writer(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }
}

/// The run's end.
pub struct Outlet(Rc<RefCell<State>>);

impl Outlet {
    /// Both ends of an answer.
    pub fn new() -> (Outlet, Inlet) {
        let state = Rc::new(RefCell::new(State::default()));
        (Outlet(state.clone()), Inlet(state))
    }

    /// Takes status and headers.
    pub fn head(&self, head: Head) {
        let mut state = self.0.borrow_mut();
        state.head = Some(head);
        state.wake_reader();
    }

    /// Takes a piece of the body.
    pub fn body(&self, bytes: Bytes) {
        let mut state = self.0.borrow_mut();
        if !state.gone {
            state.pieces.push_back(bytes);
            state.wake_reader();
        }
    }

    /// Whether the client has yet to take what there is.
    pub fn is_behind(&self) -> bool {
        !self.0.borrow().pieces.is_empty()
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_gone(&self) -> bool {
        self.0.borrow().gone
    }

    /// Ready when the client has taken a piece or left; `waiting` says which of both matters.
    pub fn poll_turn(&self, waiting: Waiting, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.borrow_mut();
        let caught_up = waiting == Waiting::ToCatchUp && state.pieces.is_empty();
        if state.gone || caught_up {
            return Poll::Ready(());
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The run has ended well.
    pub fn finish(self) {
        self.0.borrow_mut().ended = Some(true);
    }
}

/// What [`Outlet::poll_turn`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The client takes all there is, or leaves.
    ToCatchUp,
    /// The client leaves.
    ToLeave,
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut state = self.0.borrow_mut();
        state.ended.get_or_insert(false);
        state.wake_reader();
    }
}

/// The client's end. Dropping it tells the run that its client left.
pub struct Inlet(Rc<RefCell<State>>);

impl Inlet {
    /// Status and headers; `None` if the run broke off before.
    pub async fn head(&self) -> Option<Head> {
        poll_fn(|cx| {
            let mut state = self.0.borrow_mut();
            match (&state.head, state.ended) {
                (Some(head), _) => Poll::Ready(Some(head.clone())),
                (None, Some(_)) => Poll::Ready(None),
                (None, None) => {
                    state.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Leaves.
    pub fn leave(&self) {
        let mut state = self.0.borrow_mut();
        state.gone = true;
        state.pieces.clear();
        state.wake_writer();
        state.wake_reader();
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What a call is answered with.
#[wasm_bindgen]
pub struct Answer {
    head: Head,
    body: Rc<Inlet>,
}

impl Answer {
    /// After its head has come.
    pub fn new(head: Head, body: Rc<Inlet>) -> Answer {
        Answer { head, body }
    }
}

#[wasm_bindgen]
impl Answer {
    /// HTTP status.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// Pairs of name and value.
    #[wasm_bindgen(getter)]
    pub fn headers(&self) -> Array {
        let pair =
            |(name, value): &(String, String)| Array::of2(&name.as_str().into(), &value.as_str().into());
        self.head.headers.iter().map(pair).collect()
    }

    /// Whether the body comes over time.
    #[wasm_bindgen(getter)]
    pub fn streaming(&self) -> bool {
        self.head.streaming
    }

    /// The next piece of the body as a `Uint8Array`; `undefined` at its end. Rejects if the run broke off.
    pub fn next(&self) -> Promise {
        let Inlet(state) = &*self.body;
        let state = state.clone();
        future_to_promise(async move { poll_fn(|cx| poll_piece(&state, cx)).await })
    }

    /// The client leaves. What is under way is saved as it is.
    pub fn cancel(&self) {
        self.body.leave();
    }
}

fn poll_piece(state: &RefCell<State>, cx: &mut Context<'_>) -> Poll<Result<JsValue, JsValue>> {
    let mut state = state.borrow_mut();
    if let Some(bytes) = state.pieces.pop_front() {
        state.wake_writer();
        return Poll::Ready(Ok(Uint8Array::from(&bytes[..]).into()));
    }
    match state.ended {
        Some(false) if !state.gone => Poll::Ready(Err(js_sys::Error::new("the answer broke off").into())),
        Some(_) => Poll::Ready(Ok(JsValue::UNDEFINED)),
        None if state.gone => Poll::Ready(Ok(JsValue::UNDEFINED)),
        None => {
            state.reader = Some(cx.waker().clone());
            Poll::Pending
        }
    }
}
