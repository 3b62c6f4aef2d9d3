//! What an operator should know: lines on standard error, which Spin keeps in its logs.

use spin_sdk::wasip3::cli::stderr;
use spin_sdk::wasip3::{self, wit_stream};

/// Writes `text` as a line, in the background.
pub fn warn(text: &str) {
    let (mut writer, reader) = wit_stream::new();
    let line = format!("warning: {text}\n").into_bytes();
    wasip3::spawn(async move {
        let written = stderr::write_via_stream(reader);
        writer.write_all(line).await;
        drop(writer);
        // A log that cannot be written has nobody to tell.
        let _ = written.await;
    });
}
