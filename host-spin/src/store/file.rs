//! A file that ships with the component, read in ranges.

use bytes::{Bytes, BytesMut};
use haversack_engine::bundle::Source;
use haversack_engine::seam::{HostError, HostErrorKind};
use spin_sdk::wasip3::filesystem::preopens::get_directories;
use spin_sdk::wasip3::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
use spin_sdk::wit_bindgen::StreamResult;
use std::ops::Range;
use std::rc::Rc;

/// Bytes asked for at once.
const PIECE_BYTES: usize = 64 << 10;

/// An open file.
#[derive(Clone)]
pub struct File {
    descriptor: Rc<Descriptor>,
    /// Bytes of it.
    pub len: u64,
}

impl File {
    /// Opens the file at `path`, as `files` in spin.toml places it.
    pub async fn open(path: &str) -> Result<File, HostError> {
        let path = path.trim_start_matches('/');
        for (folder, mounted) in get_directories() {
            let mounted = mounted.trim_matches(['/', '.']);
            let Some(inside) = path.strip_prefix(mounted) else { continue };
            let inside = inside.trim_start_matches('/').to_owned();
            let opened =
                folder.open_at(PathFlags::empty(), inside, OpenFlags::empty(), DescriptorFlags::READ).await;
            if let Ok(descriptor) = opened {
                let len = descriptor.stat().await.map_err(|error| failed(path, error))?.size;
                return Ok(File { descriptor: Rc::new(descriptor), len });
            }
        }
        let message = format!("the component has no file {path}: name it in `files` of spin.toml");
        Err(HostError::new(HostErrorKind::Failed, message))
    }
}

impl Source for File {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, HostError> {
        let wanted = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let (mut stream, _ended) = self.descriptor.read_via_stream(range.start);
        let mut all = BytesMut::new();
        while all.len() < wanted {
            let buffer = Vec::with_capacity((wanted - all.len()).min(PIECE_BYTES));
            let (result, bytes) = stream.read(buffer).await;
            all.extend_from_slice(&bytes);
            if bytes.is_empty() && !matches!(result, StreamResult::Complete(_)) {
                return Err(HostError::new(HostErrorKind::Failed, "a file of the component ends too early"));
            }
        }
        Ok(all.freeze())
    }
}

fn failed(path: &str, error: ErrorCode) -> HostError {
    HostError::new(HostErrorKind::Failed, format!("{path} cannot be read: {error:?}"))
}
