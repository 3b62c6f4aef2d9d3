//! What JavaScript sees: an engine, its store, and calls.

use crate::answer::{Answer, Inlet, Outlet};
use crate::drive::{drive, now};
use crate::effects::Effects;
use crate::error;
use crate::http::Http;
use crate::platform::Platform;
use crate::store::Store;
use haversack_engine::seam::{ApiRequest, Origin, Run, front};
use haversack_engine::{Engine, Settings};
use js_sys::{Array, Promise, Uint8Array};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, spawn_local};

/// What the body of one request may have, as on a server.
const BODY_BYTES_MAX: u32 = 256 << 20;

/// An open instance.
#[wasm_bindgen]
pub struct Host {
    engine: Engine,
    effects: Effects,
    calls: Cell<u32>,
    begun: Begun,
}

/// The calls whose answers have not begun, by their numbers.
type Begun = Rc<RefCell<BTreeMap<u32, Weak<Inlet>>>>;

#[wasm_bindgen]
impl Host {
    /// Opens the store `name` in IndexedDB, or a fresh one in memory where `name` is `undefined`, with the workspace of
    /// `bundle` in it, if there is one. `vars` is an object of settings by AnythingLLM's names for them and ours.
    /// Rejects with an `Error` that has a `kind`.
    pub fn open(
        platform: Platform,
        vars: JsValue,
        name: Option<String>,
        durable: bool,
        bundle: Option<Vec<u8>>,
    ) -> Promise {
        future_to_promise(async move {
            let vars: BTreeMap<String, String> = serde_wasm_bindgen::from_value(vars)?;
            let (settings, problems) = Settings::from_vars(&vars);
            problems.iter().for_each(|problem| platform.log("warn", problem));
            let allow_private = vars.get("HAVERSACK_ALLOW_PRIVATE_ADDRESSES").is_some_and(|v| v == "true");
            let store = match (name, bundle) {
                (Some(name), _) => Store::indexed_db(&name, durable).await,
                (None, Some(file)) => Store::of_bundle(file.into()),
                (None, None) => Ok(Store::memory()),
            };
            let store = store.map_err(|e| error::to_js(&e))?;
            let effects = Effects { store, http: Http { allow_private }, platform };
            let (calls, begun) = (Cell::new(0), Begun::default());
            Ok(Host { engine: Engine::new(settings), effects, calls, begun }.into())
        })
    }

    /// Brings the stored data up to date and sweeps what a crash left behind; `alone` says that nobody else has
    /// the store open. Resolves to an [`Answer`]. Comes before the first call.
    pub fn maintain(&self, alone: bool) -> Promise {
        let run = self.engine.maintain(self.origin(alone));
        self.answer(run)
    }

    /// Answers a call; resolves to an [`Answer`] when its head has come. `headers` are pairs with names in lower
    /// case. With `operator` the call needs no key.
    pub fn call(
        &self,
        method: String,
        path: String,
        query: String,
        headers: &Array,
        body: &Uint8Array,
        operator: bool,
    ) -> Promise {
        if body.length() > BODY_BYTES_MAX {
            return self.too_large();
        }
        let text = |pair: &Array, at: u32| pair.get(at).as_string().unwrap_or_default();
        let pair = |pair: JsValue| {
            let pair: Array = pair.unchecked_into();
            (text(&pair, 0), text(&pair, 1))
        };
        let headers = headers.iter().map(pair).collect();
        let request = ApiRequest { method, path, query, headers, body: body.to_vec().into() };
        self.answer(self.engine.start(request, self.origin(operator)))
    }

    /// The number of the last call or maintenance that was begun: what `Platform.began` calls it.
    #[wasm_bindgen(getter, js_name = lastCall)]
    pub fn last_call(&self) -> u32 {
        self.calls.get()
    }

    /// The client of the call of this number leaves before its answer has begun; after that [`Answer::cancel`] says so.
    pub fn leave(&self, call: u32) {
        let inlet = self.begun.borrow().get(&call).and_then(Weak::upgrade);
        if let Some(inlet) = inlet {
            inlet.leave();
        }
    }

    /// Lets go of the store. Calls fail from now on.
    pub fn close(&self) {
        self.effects.store.close();
    }

    fn origin(&self, operator: bool) -> Origin {
        let random = self.effects.platform.random(32).to_vec();
        let mut seed = [0; 32];
        seed.iter_mut().zip(random).for_each(|(to, from)| *to = from);
        let utc_offset_minutes = self.effects.platform.utc_offset();
        Origin { seed, now: now(&self.effects), utc_offset_minutes, operator, peer: None }
    }

    fn answer(&self, run: Run) -> Promise {
        let (outlet, inlet) = Outlet::new();
        let call = self.next_call();
        spawn_local(drive(run, call, self.effects.clone(), outlet));
        self.taken(call, inlet)
    }

    fn too_large(&self) -> Promise {
        let (outlet, inlet) = Outlet::new();
        let call = self.next_call();
        let error = format!("The request is larger than {BODY_BYTES_MAX} bytes. Send less.");
        let (head, body) = front::refusal(413, &error);
        outlet.head(head);
        outlet.body(body);
        outlet.finish();
        self.taken(call, inlet)
    }

    /// Resolves to an [`Answer`] when its head has come.
    fn taken(&self, call: u32, inlet: Inlet) -> Promise {
        let (inlet, begun) = (Rc::new(inlet), self.begun.clone());
        begun.borrow_mut().insert(call, Rc::downgrade(&inlet));
        future_to_promise(async move {
            let head = inlet.head().await;
            begun.borrow_mut().remove(&call);
            match head {
                Some(head) => Ok(Answer::new(head, inlet).into()),
                None => Err(js_sys::Error::new("the answer broke off before it began").into()),
            }
        })
    }

    fn next_call(&self) -> u32 {
        let call = self.calls.get().wrapping_add(1);
        self.calls.set(call);
        call
    }
}
