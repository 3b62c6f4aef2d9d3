//! Performs an effect: what the outside world answers, in pieces.

use super::faults::Fault;
use super::{Random, Store};
use crate::mock::Mock;
use bytes::Bytes;
use haversack_engine::seam::{
    Asset, Effect, EffectId, HostError, HostErrorKind, HttpHead, HttpRequest, Input, KvOp, KvReply, Reply,
    Trust,
};
use std::path::Path;
use std::sync::LazyLock;

/// Where the engine finds the mock in the simulation: the address it had when the recordings were made.
pub const MOCK_URL: &str = "http://127.0.0.1:4010";

/// Inputs to report, each so many milliseconds after the one before.
pub type Reports = Vec<(u64, Input)>;

/// The outside world.
pub struct World<'a> {
    pub store: &'a mut Store,
    pub mock: &'a mut Mock,
    pub random: &'a mut Random,
}

impl World<'_> {
    /// Performs `effect` now, under `fault`.
    pub fn perform(&mut self, id: EffectId, effect: &Effect, fault: Option<Fault>) -> Reports {
        if let Some(Fault::Error(kind)) = fault {
            return vec![(0, Input::Settled { id, result: Err(failure(kind)) })];
        }
        let result = match effect {
            Effect::Kv(op) => self.kv(op, fault),
            Effect::Http(request) => return self.http(id, request, fault),
            Effect::Extract(request) => extract(&request.name, request.mime.as_deref(), &request.bytes),
            Effect::Asset(asset) => asset_bytes(*asset).map(Reply::Asset),
            Effect::Breathe => Ok(Reply::Breathe),
            Effect::Complete(_) | Effect::Embed(_) => {
                Err(HostError::new(HostErrorKind::Unsupported, "the simulated host has no model of its own"))
            }
        };
        vec![(0, Input::Settled { id, result })]
    }

    fn kv(&mut self, op: &KvOp, fault: Option<Fault>) -> Result<Reply, HostError> {
        match fault {
            Some(Fault::Conflict) => return Ok(Reply::Kv(KvReply::Conflict)),
            Some(Fault::AckLost(kind)) => {
                self.store.perform(op);
                return Err(failure(kind));
            }
            _ => {}
        }
        Ok(Reply::Kv(self.store.perform(op)))
    }

    fn http(&mut self, id: EffectId, request: &HttpRequest, fault: Option<Fault>) -> Reports {
        let Some(path) = request.url.strip_prefix(MOCK_URL) else {
            // The mock's machine may be reached, as the recordings need it; nothing listens there but the mock.
            let here = request.url.starts_with("http://127.0.0.1:");
            let (kind, why) = match request.trust {
                Trust::Caller if !here => (HostErrorKind::Refused, "the simulated host forbids this address"),
                _ => (HostErrorKind::Unavailable, "the simulated network has only the mock"),
            };
            return vec![(0, Input::Settled { id, result: Err(HostError::new(kind, why)) })];
        };
        let mut answer = self.mock.answer(&request.method, path, &request.body);
        let mut broken = answer.cut;
        match fault {
            Some(Fault::Status(status)) => {
                answer.status = status;
                answer.content_type = "text/html";
                answer.pieces = vec!["<html><body>Something went wrong</body></html>".into()];
            }
            Some(Fault::Garbage) => answer.pieces = vec![Bytes::from_static(b"{\"data\": [\xff\xfe")],
            Some(Fault::Cut(per_mille)) => {
                answer.pieces = first_part(&answer.pieces, per_mille);
                broken = true;
            }
            Some(Fault::Short(per_mille)) => answer.pieces = first_part(&answer.pieces, per_mille),
            _ => {}
        }
        let head = HttpHead {
            status: answer.status,
            headers: vec![("content-type".into(), answer.content_type.into())],
            url: request.url.clone(),
        };
        let mut reports = vec![(0, Input::Head { id, head })];
        for piece in answer.pieces {
            for bytes in self.split(piece) {
                reports.push((answer.pause_ms, Input::Chunk { id, bytes }));
            }
        }
        let result = if broken { Err(failure(HostErrorKind::Unavailable)) } else { Ok(Reply::Http) };
        reports.push((0, Input::Settled { id, result }));
        reports
    }

    /// Cuts a piece somewhere, as networks do: inside a line, inside a character.
    fn split(&mut self, piece: Bytes) -> Vec<Bytes> {
        if piece.len() < 2 || !self.random.chance(250) {
            return vec![piece];
        }
        let at = usize::try_from(self.random.between(1, piece.len() as u64 - 1)).unwrap_or(1);
        vec![piece.slice(..at), piece.slice(at..)]
    }
}

fn first_part(pieces: &[Bytes], per_mille: u64) -> Vec<Bytes> {
    let total: usize = pieces.iter().map(Bytes::len).sum();
    let mut left = usize::try_from(total as u64 * per_mille / 1000).unwrap_or(0);
    let mut kept = Vec::new();
    for piece in pieces {
        if left == 0 {
            break;
        }
        let length = piece.len().min(left);
        kept.push(piece.slice(..length));
        left -= length;
    }
    kept
}

fn failure(kind: HostErrorKind) -> HostError {
    HostError::new(kind, format!("simulated failure: {kind:?}"))
}

fn extract(name: &str, mime: Option<&str>, bytes: &[u8]) -> Result<Reply, HostError> {
    let source = haversack_extract::Source { name, mime, bytes };
    haversack_extract::extract(source, &haversack_extract::Limits::default())
        .map(Reply::Extract)
        .map_err(|error| HostError::new(HostErrorKind::Rejected, error.to_string()))
}

/// The files that ship beside the engine, read once.
pub fn asset_bytes(asset: Asset) -> Result<Bytes, HostError> {
    static FILES: LazyLock<[Option<Bytes>; 3]> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/assets");
        let read = |name: &str| std::fs::read(folder.join(name)).ok().map(Bytes::from);
        [read("cl100k.bin"), read("static-minilm-256/model.safetensors"), read("static-minilm-256/vocab.txt")]
    });
    let file = match asset {
        Asset::Page(_) => {
            return Err(HostError::new(HostErrorKind::Unsupported, "pages are inside the engine"));
        }
        Asset::Cl100k => &FILES[0],
        Asset::MinilmModel => &FILES[1],
        Asset::MinilmVocab => &FILES[2],
    };
    file.clone().ok_or_else(|| HostError::new(HostErrorKind::Unsupported, "the asset is not in the checkout"))
}
