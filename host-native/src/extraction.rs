//! Files into text, away from the threads that answer requests.
//!
//! A parser may be slow, hungry or broken: it runs on a thread of its own, within a share of memory, for a
//! limited time, and a panic in it is an error of that file only.

use haversack_engine::seam::{ExtractRequest, HostError, HostErrorKind};
use haversack_extract::{ExtractError, Extracted, Limits, OwnedSource, Source};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The parser: [`haversack_extract::extract`] outside of tests.
pub type Parser = fn(Source<'_>, &Limits) -> Result<Extracted, ExtractError>;

/// How much extraction may use.
#[derive(Clone, Debug)]
pub struct ExtractionOptions {
    /// Bytes that all extractions together may be expected to need.
    pub memory_bytes: u64,
    /// How long one file may take.
    pub time: Duration,
    /// What one file may hold.
    pub limits: Limits,
}

impl Default for ExtractionOptions {
    fn default() -> ExtractionOptions {
        let limits = Limits::default();
        ExtractionOptions { memory_bytes: 1 << 30, time: Duration::from_secs(300), limits }
    }
}

/// Extracts files. Clones share the limits.
#[derive(Clone)]
pub struct Extractor {
    parser: Parser,
    options: Arc<ExtractionOptions>,
    memory: Arc<Semaphore>,
}

/// Memory is shared out in units of so many bytes; no file is expected to get by with less than one.
const UNIT: u64 = 16 << 20;
/// A file is expected to need so many times its own size: itself, its unpacked form and the text.
const NEED: u64 = 6;

impl Extractor {
    /// Extracts with `parser`.
    pub fn new(parser: Parser, options: ExtractionOptions) -> Extractor {
        let memory = Arc::new(Semaphore::new(units(options.memory_bytes) as usize));
        Extractor { parser, options: Arc::new(options), memory }
    }

    /// Turns one file into text. What is wrong with the file is [`HostErrorKind::Rejected`], worded for the
    /// person who sent it.
    pub async fn extract(&self, request: ExtractRequest) -> Result<Extracted, HostError> {
        let source = OwnedSource { name: request.name, mime: request.mime, bytes: request.bytes };
        let name = source.name.clone();
        let all = units(self.options.memory_bytes);
        // More files at once than there are cores would only slow each other down.
        let cores = std::thread::available_parallelism().map_or(2, usize::from) as u32;
        let need = units(source.bytes.len() as u64 * NEED).max(all / cores).min(all);
        let permit = self.memory.clone().acquire_many_owned(need).await.map_err(|_| stopped())?;
        let (parser, options) = (self.parser, self.options.clone());
        let work = tokio::task::spawn_blocking(move || {
            // Held until the thread is really done, even when nobody waits for it any more.
            let _permit = permit;
            catch_unwind(AssertUnwindSafe(|| parser(source.as_source(), &options.limits)))
        });
        let result = tokio::time::timeout(self.options.time, work).await.map_err(|_| {
            let seconds = self.options.time.as_secs_f64();
            let message =
                format!("Error processing {name}: it took longer than {seconds} s. Split it and try again.");
            HostError::new(HostErrorKind::Timeout, message)
        })?;
        match result {
            Ok(Ok(Ok(extracted))) => Ok(extracted),
            Ok(Ok(Err(error))) => Err(HostError::new(HostErrorKind::Rejected, error.to_string())),
            Ok(Err(_)) => {
                let message = format!("Error processing {name}: it broke the reader, which is our mistake.");
                Err(HostError::new(HostErrorKind::Rejected, message))
            }
            Err(_) => Err(stopped()),
        }
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX >> 4)
}

fn stopped() -> HostError {
    HostError::new(HostErrorKind::Unavailable, "the server is shutting down; send the file again later")
}

#[cfg(test)]
mod tests {
    use super::*;
    use haversack_extract::{Document, Format};

    fn request(name: &str) -> ExtractRequest {
        ExtractRequest { name: name.into(), mime: None, bytes: "text".into() }
    }

    /// A parser that does what the file's name says.
    fn obey(source: Source<'_>, _: &Limits) -> Result<Extracted, ExtractError> {
        match source.name {
            "panic" => panic!("as asked"),
            "sleep" => std::thread::sleep(Duration::from_millis(200)),
            "empty" => return Err(ExtractError::Empty { name: source.name.into() }),
            _ => {}
        }
        let document = Document {
            title: None,
            author: None,
            description: None,
            text: String::from_utf8_lossy(source.bytes).into(),
            pages: vec![],
            format: Format::Text,
            markdown: false,
            part: None,
        };
        Ok(Extracted { documents: vec![document], skipped: vec![] })
    }

    #[tokio::test]
    async fn a_file_at_fault_is_named_and_the_next_one_is_read() {
        let patient = Extractor::new(obey, ExtractionOptions::default());
        let hasty = ExtractionOptions { time: Duration::from_millis(50), ..ExtractionOptions::default() };
        let hasty = Extractor::new(obey, hasty);
        for (extractor, name, kind, words) in [
            (&patient, "empty", HostErrorKind::Rejected, "No text content found in empty."),
            (&patient, "panic", HostErrorKind::Rejected, "Error processing panic: it broke the reader"),
            (&hasty, "sleep", HostErrorKind::Timeout, "Error processing sleep: it took longer than 0.05 s"),
        ] {
            let error = extractor.extract(request(name)).await.unwrap_err();
            assert_eq!(error.kind, kind);
            assert!(error.message.starts_with(words), "{error}");
        }
        let extracted = patient.extract(request("good")).await.unwrap();
        assert_eq!(extracted.documents[0].text, "text");
    }

    #[tokio::test]
    async fn a_file_larger_than_the_whole_share_still_gets_its_turn() {
        let options = ExtractionOptions { memory_bytes: 1, ..ExtractionOptions::default() };
        let extractor = Extractor::new(obey, options);
        let large = ExtractRequest { bytes: vec![b'x'; 20 << 20].into(), ..request("large") };
        let (a, b) = tokio::join!(extractor.extract(large.clone()), extractor.extract(large));
        assert!(a.is_ok() && b.is_ok());
    }
}
