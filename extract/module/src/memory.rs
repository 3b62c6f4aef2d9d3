//! What outlives a call: the buffer, the texts of the last file, the message of a panic.

use std::cell::RefCell;
use std::sync::Once;

thread_local! {
    /// The request and the file on the way in, the outcome on the way out.
    pub static FILE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// The texts of the documents of the last file.
    pub static TEXTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// What the last panic said.
    pub static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the message and the place of a panic for the host's log: the trap that follows carries neither.
pub fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let message = info.to_string();
            PANIC.with(|place| {
                if let Ok(mut place) = place.try_borrow_mut() {
                    *place = message;
                }
            });
        }));
    });
}
