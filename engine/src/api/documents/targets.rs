//! `addToWorkspaces`: the workspaces that a new document is embedded in at once.

use super::super::Call;
use super::super::error::{ApiError, Code};
use super::store_document::Stored;
use super::wire::{Outcome, Status};
use crate::retrieve::ingest::{Added, Source, add_document};
use serde_json::Value;

/// Workspaces that one call may name.
pub(super) const SLUGS_MAX: usize = 100;

/// Slugs in the order they were named, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets(Vec<String>);

impl Targets {
    /// Reads a text of slugs with commas between them; case and white space around them do not count.
    ///
    /// # Errors
    /// [`Code::Unprocessable`] for anything but a text, and for more than a hundred.
    pub fn parse(value: Option<&Value>) -> Result<Targets, ApiError> {
        let refuse =
            |message: String| Err(ApiError::new(Code::Unprocessable, message).with("success", false));
        let text = match value {
            None | Some(Value::Null) => return Ok(Targets::default()),
            Some(Value::String(text)) => text,
            Some(other) => {
                let kind = match other {
                    Value::Number(_) => "number",
                    Value::Bool(_) => "boolean",
                    _ => "object",
                };
                let expected = "addToWorkspaces must be a string of comma-separated workspace slugs.";
                return refuse(format!("{expected} Got {kind}"));
            }
        };
        let mut slugs: Vec<String> = Vec::new();
        for slug in text.split(',').map(|slug| slug.trim().to_lowercase()).filter(|slug| !slug.is_empty()) {
            if !slugs.contains(&slug) {
                slugs.push(slug);
            }
            if slugs.len() > SLUGS_MAX {
                return refuse(format!("addToWorkspaces may name at most {SLUGS_MAX} workspaces."));
            }
        }
        Ok(Targets(slugs))
    }

    /// Callers who are limited to some workspaces bring documents into those and nowhere else.
    ///
    /// # Errors
    /// [`Code::Forbidden`] if such a caller names no workspace, or one they may not see.
    pub async fn check(&self, call: &Call) -> Result<(), ApiError> {
        if call.caller.limit().is_none() {
            return Ok(());
        }
        let mut known = !self.0.is_empty();
        for slug in &self.0 {
            known = known && call.workspace_by_slug(slug).await?.is_some();
        }
        if known {
            return Ok(());
        }
        let message = "addToWorkspaces must name workspaces that this caller is limited to, and no others.";
        Err(ApiError::new(Code::Forbidden, message).with("success", false))
    }

    /// Embeds every document in every workspace. What goes wrong with one does not keep the others out.
    pub async fn embed(&self, call: &Call, stored: &[Stored]) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for slug in &self.0 {
            let workspace = match call.workspace_by_slug(slug).await {
                Ok(Some(workspace)) => Ok(workspace),
                Ok(None) => Err((Status::Unknown, ApiError::unknown_workspace(slug))),
                Err(error) => Err((Status::Failed, error)),
            };
            for one in stored {
                let document = &one.document;
                let outcome = match &workspace {
                    Ok(workspace) => {
                        let source = Source::AtHand(one.text(), one.pages());
                        let added = add_document(&call.cx, &call.engine, workspace, document, source).await;
                        Outcome::of_adding(&document.path(), added)
                    }
                    Err((status, error)) => Outcome::failed(&document.path(), *status, &error.message),
                };
                outcomes.push(outcome.in_workspace(slug));
            }
        }
        outcomes
    }
}

impl Outcome {
    /// What adding a document came to.
    pub fn of_adding(path: &str, added: Result<Added, ApiError>) -> Outcome {
        match added {
            Ok(Added::New(_)) => Outcome::done(path, Status::Added),
            Ok(Added::Already(_)) => Outcome::done(path, Status::AlreadyEmbedded),
            Err(error) => Outcome::failed(path, Status::Failed, &error.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn slugs_come_in_one_text() {
        let parsed = Targets::parse(Some(&json!(" DOCS , nope,,docs"))).unwrap();
        assert_eq!(parsed, Targets(vec!["docs".into(), "nope".into()]));
        assert_eq!(Targets::parse(Some(&Value::Null)), Ok(Targets::default()));
        assert_eq!(Targets::parse(None), Ok(Targets::default()));
    }

    #[test]
    fn other_types_are_named() {
        for (value, kind) in [(json!(["docs"]), "object"), (json!(7), "number"), (json!(false), "boolean")] {
            let error = Targets::parse(Some(&value)).unwrap_err();
            assert_eq!(error.code, Code::Unprocessable);
            assert!(error.message.ends_with(&format!("slugs. Got {kind}")), "{}", error.message);
        }
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        assert!(Targets::parse(Some(&json!(many.join(",")))).is_err());
    }
}
