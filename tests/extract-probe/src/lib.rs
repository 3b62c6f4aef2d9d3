//! The parsers behind one plain export: bytes of a file in, what was read as JSON out.
//!
//! It is built for wasm32 to prove that they ask nothing of their surroundings.

use haversack_extract::{Limits, Source, extract as read};
use std::cell::RefCell;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for `length` bytes and says where.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(length: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(length, 0);
        buffer.as_mut_ptr()
    })
}

/// Reads the file that the buffer holds after its name and a line break, leaves `{"Ok": …}` or `{"Err": "why"}`
/// there and gives its length. 0 if there is no name.
#[unsafe(no_mangle)]
pub extern "C" fn extract() -> usize {
    let file = BUFFER.take();
    let Some(end) = file.iter().position(|byte| *byte == b'\n') else { return 0 };
    let Ok(name) = std::str::from_utf8(&file[..end]) else { return 0 };
    let outcome = read(Source { name, mime: None, bytes: &file[end + 1..] }, &Limits::default());
    let json = serde_json::to_vec(&outcome.map_err(|error| error.to_string())).unwrap_or_default();
    let length = json.len();
    BUFFER.set(json);
    length
}
