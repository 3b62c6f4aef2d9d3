//! Haversack where JavaScript runs: a tab, a worker, a service worker, Node or Deno.
//!
//! [`Host`] is all that JavaScript sees of it, and `pkg/src/core.js` is who looks. Storage, outbound HTTP and
//! time-outs are done here; what differs between a page and a worker, or belongs to the application (models,
//! where files lie), comes in as a `Platform`.
//!
//! It builds for native targets too, as the stubs of wasm-bindgen do, so that one command checks everything.

mod abort;
mod answer;
mod drive;
mod effects;
mod error;
mod host;
mod http;
mod memory;
mod model;
mod platform;
mod store;

pub use answer::Answer;
pub use host::Host;
