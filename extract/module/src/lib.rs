//! The parsers as a WebAssembly module that imports nothing.
//!
//! The native server runs it under wasmtime, browsers in a worker: both give each file an instance of its own, so that
//! whatever a hostile file does ends with that instance. CI fails if the module imports anything.
//!
//! How a host reads a file:
//!
//! 1. `buffer(length)` gives the address of `length` bytes. The host puts there a line of JSON (`name`, `mime`, `limits`), a line
//!    feed, and the bytes of the file.
//! 2. `extract()` reads the file and gives the length of the outcome, which `buffer(length)` then gives the address of:
//!    JSON, `{"Ok": Extracted}` or `{"Err": "why, for the person who sent the file"}`. 0 if the request itself is wrong.
//!    `extract_apart()` does the same but leaves every `text` empty: `text_address(i)` and `text_length(i)` say where
//!    the text of document `i` lies. That saves a host that can read this memory two copies of long texts.
//! 3. After a trap, `panic_length()` and `panic_address()` give the message of the panic, if there was one.

mod memory;
mod request;

use haversack_extract::{Extracted, Source, extract as read};
use memory::{FILE, PANIC, TEXTS};
use request::Request;

/// Makes room for `length` bytes and gives their address. What was there before stays up to that length.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(length: usize) -> *mut u8 {
    memory::note_panics();
    FILE.with_borrow_mut(|buffer| {
        buffer.resize(length, 0);
        buffer.as_mut_ptr()
    })
}

/// Reads the file in the buffer; the outcome is JSON in the buffer. Gives its length, 0 for a request that is wrong.
#[unsafe(no_mangle)]
pub extern "C" fn extract() -> usize {
    run().map_or(0, |outcome| leave(&outcome))
}

/// As [`extract`], with the texts apart.
#[unsafe(no_mangle)]
pub extern "C" fn extract_apart() -> usize {
    let Some(mut outcome) = run() else { return 0 };
    if let Ok(Extracted { documents, .. }) = &mut outcome {
        TEXTS.set(documents.iter_mut().map(|document| std::mem::take(&mut document.text)).collect());
    }
    leave(&outcome)
}

/// Address of the text of document `index`; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn text_address(index: usize) -> *const u8 {
    TEXTS.with_borrow(|texts| texts.get(index).map_or(std::ptr::null(), |text| text.as_ptr()))
}

/// Bytes of the text of document `index`.
#[unsafe(no_mangle)]
pub extern "C" fn text_length(index: usize) -> usize {
    TEXTS.with_borrow(|texts| texts.get(index).map_or(0, String::len))
}

/// Address of the message of the panic that ended the last call.
#[unsafe(no_mangle)]
pub extern "C" fn panic_address() -> *const u8 {
    PANIC.with_borrow(|message| message.as_ptr())
}

/// Bytes of that message; 0 if there was no panic.
#[unsafe(no_mangle)]
pub extern "C" fn panic_length() -> usize {
    PANIC.with_borrow(String::len)
}

fn run() -> Option<Result<Extracted, String>> {
    let file = FILE.take();
    let (Request { name, mime, limits }, bytes) = Request::split(&file)?;
    Some(
        read(Source { name: &name, mime: mime.as_deref(), bytes }, &limits)
            .map_err(|error| error.to_string()),
    )
}

fn leave(outcome: &Result<Extracted, String>) -> usize {
    let json = serde_json::to_vec(outcome).unwrap_or_default();
    let length = json.len();
    FILE.set(json);
    length
}
