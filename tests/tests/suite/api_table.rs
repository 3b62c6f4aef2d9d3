//! `docs/api.md`: every operation, what covers it, and where it differs on purpose. Written from the server's own
//! description, the recordings, and `differences.toml`; it cannot say what is not so.

use haversack_engine::seam::ApiRequest;
use haversack_tests::golden::differences::{Differences, Entry, Steps};
use haversack_tests::golden::replay::replay_all;
use haversack_tests::golden::scope::Scope;
use haversack_tests::golden::transcript::Golden;
use haversack_tests::golden::{self, transcript};
use haversack_tests::target::{Answer, SimTarget, Target};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The operations of AnythingLLM 1.16.0 (reference §3), open parts of paths as `*`.
const THEIRS: [(&str, &str); 63] = [
    ("GET", "/v1/auth"),
    ("GET", "/v1/admin/is-multi-user-mode"),
    ("GET", "/v1/admin/users"),
    ("POST", "/v1/admin/users/new"),
    ("POST", "/v1/admin/users/*"),
    ("DELETE", "/v1/admin/users/*"),
    ("GET", "/v1/admin/invites"),
    ("POST", "/v1/admin/invite/new"),
    ("DELETE", "/v1/admin/invite/*"),
    ("GET", "/v1/admin/workspaces/*/users"),
    ("POST", "/v1/admin/workspaces/*/update-users"),
    ("POST", "/v1/admin/workspaces/*/manage-users"),
    ("POST", "/v1/admin/workspace-chats"),
    ("POST", "/v1/admin/preferences"),
    ("POST", "/v1/document/upload"),
    ("POST", "/v1/document/upload/*"),
    ("POST", "/v1/document/upload-link"),
    ("POST", "/v1/document/raw-text"),
    ("GET", "/v1/documents"),
    ("GET", "/v1/documents/folder/*"),
    ("GET", "/v1/document/accepted-file-types"),
    ("GET", "/v1/document/metadata-schema"),
    ("GET", "/v1/document/*"),
    ("POST", "/v1/document/create-folder"),
    ("DELETE", "/v1/document/remove-folder"),
    ("POST", "/v1/document/move-files"),
    ("GET", "/v1/document/generated-files/*"),
    ("POST", "/v1/workspace/new"),
    ("GET", "/v1/workspaces"),
    ("GET", "/v1/workspace/*"),
    ("DELETE", "/v1/workspace/*"),
    ("POST", "/v1/workspace/*/update"),
    ("GET", "/v1/workspace/*/chats"),
    ("POST", "/v1/workspace/*/update-embeddings"),
    ("POST", "/v1/workspace/*/update-pin"),
    ("POST", "/v1/workspace/*/chat"),
    ("POST", "/v1/workspace/*/stream-chat"),
    ("POST", "/v1/workspace/*/vector-search"),
    ("GET", "/v1/system"),
    ("GET", "/v1/system/env-dump"),
    ("GET", "/v1/system/vector-count"),
    ("POST", "/v1/system/update-env"),
    ("GET", "/v1/system/export-chats"),
    ("DELETE", "/v1/system/remove-documents"),
    ("POST", "/v1/workspace/*/thread/new"),
    ("POST", "/v1/workspace/*/thread/*/update"),
    ("DELETE", "/v1/workspace/*/thread/*"),
    ("GET", "/v1/workspace/*/thread/*/chats"),
    ("POST", "/v1/workspace/*/thread/*/chat"),
    ("POST", "/v1/workspace/*/thread/*/stream-chat"),
    ("GET", "/v1/users"),
    ("GET", "/v1/users/*/issue-auth-token"),
    ("GET", "/v1/openai/models"),
    ("POST", "/v1/openai/chat/completions"),
    ("POST", "/v1/openai/images/generations"),
    ("POST", "/v1/openai/embeddings"),
    ("GET", "/v1/openai/vector_stores"),
    ("GET", "/v1/embed"),
    ("GET", "/v1/embed/*/chats"),
    ("GET", "/v1/embed/*/chats/*"),
    ("POST", "/v1/embed/new"),
    ("POST", "/v1/embed/*"),
    ("DELETE", "/v1/embed/*"),
];

/// Tests of operations, above all of those that no recording covers.
const TESTS: &[(&str, &str, &str)] = &[
    ("GET", "/v1/workspace/*/export", "a_workspace_comes_back_as_it_was"),
    ("POST", "/v1/workspace/import", "a_workspace_comes_back_as_it_was"),
    ("GET", "/docs", "anyone_may_read_it_unless_the_operator_says_no"),
    ("GET", "/docs/page.css", "anyone_may_read_it_unless_the_operator_says_no"),
    ("GET", "/docs/page.js", "anyone_may_read_it_unless_the_operator_says_no"),
    ("GET", "/openapi.json", "every_reference_leads_somewhere_and_every_operation_answers_something"),
    ("GET", "/migrate", "what_needs_no_key_says_nothing_of_the_instance"),
    ("GET", "/ping", "what_needs_no_key_says_nothing_of_the_instance"),
    ("GET", "/env-dump", "cve_2024_6842_no_answer_holds_a_secret"),
    ("GET", "/onboarding", "cve_2024_6842_no_answer_holds_a_secret"),
    ("GET", "/setup-complete", "cve_2024_6842_no_answer_holds_a_secret"),
    ("GET", "/utils/metrics", "no_answer_says_where_on_the_disk_anything_is"),
    ("GET", "/v1/system/event-logs", "a_reader_goes_on_where_it_stopped"),
    ("POST", "/system/event-logs", "pages_go_from_the_newest_to_the_oldest"),
    ("POST", "/v1/system/update-env", "cve_2024_3104_no_variable_can_be_named_and_no_value_breaks_out"),
    ("POST", "/system/test-model", "a_model_is_tried_and_nothing_is_changed"),
    ("POST", "/system/find-models", "models_are_listed_and_servers_that_are_not_there_are_no_error"),
    ("GET", "/system/storage", "storage_counts_what_is_there"),
    ("GET", "/v1/document/*/text", "a_document_is_shown_with_its_chunks"),
    ("GET", "/v1/workspace/*/document", "a_document_is_shown_with_its_chunks"),
    ("GET", "/v1/document/generated-files/*", "what_is_fixed"),
    ("DELETE", "/v1/document/*", "a_document_is_removed_by_id_or_name"),
    ("DELETE", "/v1/workspace/*/chats", "turns_are_deleted_one_by_one_or_all_at_once"),
    ("POST", "/system/generate-api-key", "keys_are_made_listed_and_revoked"),
    ("GET", "/system/api-keys", "a_key_has_the_scopes_it_was_given"),
    ("DELETE", "/system/api-key/*", "keys_are_made_listed_and_revoked"),
    ("POST", "/admin/generate-api-key", "a_key_is_what_it_was_made_to_be"),
    ("GET", "/admin/api-keys", "a_key_is_what_it_was_made_to_be"),
    ("DELETE", "/admin/delete-api-key/*", "a_key_is_what_it_was_made_to_be"),
    ("POST", "/system/enable-multi-user", "the_mode_goes_on_once_and_off_again"),
    ("POST", "/system/disable-multi-user", "the_mode_goes_on_once_and_off_again"),
    ("GET", "/system/multi-user-mode", "the_mode_goes_on_once_and_off_again"),
    ("GET", "/system/me", "who_am_i"),
    ("POST", "/system/user", "users_change_what_is_their_own"),
    ("POST", "/session/end", "a_session_ends_when_it_is_ended"),
    ("POST", "/request-token", "a_session_ends_when_it_is_ended"),
    ("GET", "/request-token/sso/simple", "another_system_signs_users_in_once"),
    ("GET", "/invite/*", "whoever_has_the_code_becomes_a_member_once"),
    ("POST", "/invite/*", "whoever_has_the_code_becomes_a_member_once"),
    ("POST", "/v1/openai/images/generations", "nobody_draws_but_what_is_asked_is_looked_at"),
    ("POST", "/v1/images/generations", "nobody_draws_but_what_is_asked_is_looked_at"),
    ("GET", "/v1/openai/models/*", "both_mounts_answer_with_sources"),
    ("GET", "/v1/models", "both_mounts_answer_with_sources"),
    ("GET", "/v1/models/*", "both_mounts_answer_with_sources"),
    ("POST", "/v1/chat/completions", "both_mounts_answer_with_sources"),
    ("POST", "/v1/embeddings", "both_mounts_answer_with_sources"),
    ("GET", "/v1/vector_stores", "vector_stores_come_in_pages"),
    ("OPTIONS", "/embed/*/stream-chat", "only_pages_that_may_use_it_can_read_its_answers"),
    ("OPTIONS", "/embed/*/*", "only_pages_that_may_use_it_can_read_its_answers"),
    ("GET", "/embed/haversack-chat.js", "the_widget_is_served_under_both_names"),
    ("GET", "/embed/anythingllm-chat-widget.min.js", "the_widget_is_served_under_both_names"),
];

#[test]
fn the_table_of_operations_is_true() {
    let table = table();
    let path = repository().join("docs/api.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/api.md is not what it would be now. Write it again, and look at what changed: \
         UPDATE_DOCS=1 cargo test -p haversack-tests --test suite api_table"
    );
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An operation of ours.
struct Operation {
    method: String,
    /// Open parts as `{name}`.
    path: String,
    summary: String,
    recordings: BTreeMap<String, usize>,
    differences: BTreeSet<usize>,
}

impl Operation {
    /// Open parts as `*`.
    fn pattern(&self) -> String {
        let part = |part: &str| if part.starts_with('{') { "*".to_owned() } else { part.to_owned() };
        self.path.split('/').map(part).collect::<Vec<String>>().join("/")
    }

    /// Whether it does anything but say that it does not.
    fn is_built(&self) -> bool {
        let path = format!("/api{}", self.pattern().replace('*', "1"));
        call(&self.method, &path).status != 501
    }

    fn is_theirs(&self) -> bool {
        THEIRS.contains(&(self.method.as_str(), self.pattern().as_str()))
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let (wanted, given): (Vec<&str>, Vec<&str>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let part =
            |(wanted, given): (&&str, &&str)| wanted.starts_with('{') || wanted.eq_ignore_ascii_case(given);
        self.method == method && wanted.len() == given.len() && wanted.iter().zip(&given).all(part)
    }
}

fn table() -> String {
    let folder = golden::folder();
    let goldens = transcript::read_all(&folder.join("anythingllm-v1")).unwrap();
    let mut scope = Scope::read(&folder.join("scope.toml")).unwrap();
    let mut differences = Differences::read(&folder.join("differences.toml")).unwrap();
    let fixtures = folder.join("anythingllm-v1/fixtures");
    replay_all(&goldens, &fixtures, &mut scope, &mut differences, SimTarget::new);

    let mut operations = operations();
    let mut by_step: BTreeMap<(String, String), usize> = BTreeMap::new();
    for golden in &goldens {
        for step in &golden.steps {
            let path = step.request.path.split('?').next().unwrap_or_default();
            let path = path.strip_suffix('/').unwrap_or(path);
            let found = operations.iter().position(|operation| operation.fits(&step.request.method, path));
            if let (Some(found), None) = (found, scope.skips(&golden.name, step)) {
                *operations[found].recordings.entry(golden.name.clone()).or_default() += 1;
                by_step.insert((golden.name.clone(), step.name.clone()), found);
            }
        }
    }
    let (everywhere, some): (Vec<_>, Vec<_>) =
        differences.used().partition(|(entry, _)| is_everywhere(entry));
    let some: Vec<(&Entry, Steps)> = some
        .into_iter()
        .map(|(entry, used)| (entry, if used.is_empty() { named(entry, &goldens) } else { used.clone() }))
        .collect();
    for (n, (_, steps)) in some.iter().enumerate() {
        for operation in steps.iter().filter_map(|step| by_step.get(step)) {
            operations[*operation].differences.insert(n + 1);
        }
    }
    write(&operations, &everywhere, &some)
}

/// Both lists of the page.
fn write(operations: &[Operation], everywhere: &[(&Entry, &Steps)], some: &[(&Entry, Steps)]) -> String {
    let missing: Vec<_> = THEIRS
        .iter()
        .filter(|(method, path)| {
            !operations.iter().any(|ours| ours.method == *method && ours.pattern() == *path)
        })
        .collect();
    assert!(missing.is_empty(), "AnythingLLM has these operations and we do not: {missing:?}");
    let (theirs, ours): (Vec<&Operation>, Vec<&Operation>) = operations.iter().partition(|o| o.is_theirs());
    let mut text = String::from(
        "# The API\n\n\
         Written by a test, which fails when this is not so any more; do not edit it:\n\
         `UPDATE_DOCS=1 cargo test -p haversack-tests --test suite api_table`.\n\n\
         Paths are below `/api`. What each operation takes and answers is in `/api/openapi.json`, to read and try out \
         at `/api/docs`. *Covered by* names recordings of a real AnythingLLM 1.16.0 with the number of their requests \
         that are replayed (`tests/golden/anythingllm-v1/`), or tests. *Differs* are the numbers of deliberate \
         differences below; they are those of `tests/golden/differences.toml`.\n",
    );
    let _ = write!(text, "\n## AnythingLLM's {} operations\n\n", theirs.len());
    let mut uncovered = rows(&mut text, &theirs);
    let _ = write!(text, "\n## {} more\n\n", ours.len());
    uncovered.extend(rows(&mut text, &ours));
    assert!(uncovered.is_empty(), "nothing covers these; name a test in TESTS: {uncovered:#?}");
    text.push_str("\n## Differences on purpose\n\nEverywhere:\n\n");
    for reason in everywhere.iter().map(|(entry, _)| &entry.reason).collect::<BTreeSet<_>>() {
        let _ = writeln!(text, "- {reason}");
    }
    text.push_str("\nIn some operations:\n\n");
    for (n, (entry, _)) in some.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", n + 1, entry.reason);
    }
    text
}

/// A row for each; those that nothing covers, though they are built.
fn rows(text: &mut String, operations: &[&Operation]) -> Vec<String> {
    let sources = sources();
    text.push_str("| operation | what it does | covered by | differs |\n| --- | --- | --- | --- |\n");
    let mut uncovered = Vec::new();
    for operation in operations {
        let pattern = operation.pattern();
        let recordings = operation.recordings.iter().map(|(name, steps)| format!("{name} ({steps})"));
        let named = TESTS.iter().filter(|(method, path, _)| operation.method == *method && pattern == *path);
        let tests = named.filter(|_| operation.is_built()).map(|(_, _, test)| {
            assert!(sources.contains(&format!("fn {test}(")), "there is no test {test}");
            format!("`{test}`")
        });
        let mut covered: Vec<String> = recordings.chain(tests).collect();
        if covered.is_empty() && operation.is_built() {
            uncovered.push(format!("{} {}", operation.method, operation.path));
        } else if covered.is_empty() {
            covered.push("not built yet".to_owned());
        }
        let differences: Vec<String> = operation.differences.iter().map(usize::to_string).collect();
        let (covered, differences) = (covered.join(", "), differences.join(", "));
        let (method, path, summary) = (&operation.method, &operation.path, &operation.summary);
        let _ = writeln!(text, "| `{method} {path}` | {summary} | {covered} | {differences} |");
    }
    uncovered
}

/// Ours by path, those without open parts first.
fn operations() -> Vec<Operation> {
    let described: Value = call("GET", "/api/openapi.json").json();
    let mut operations = Vec::new();
    for (path, methods) in described["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: operation["summary"].as_str().unwrap_or_default().to_owned(),
                recordings: BTreeMap::new(),
                differences: BTreeSet::new(),
            });
        }
    }
    let order = |operation: &Operation| (operation.path.matches('{').count() > 0, operation.path.clone());
    operations.sort_by_key(|operation| (order(operation), operation.method.clone()));
    operations
}

/// A call by whoever holds the key.
fn call(method: &str, path: &str) -> Answer {
    let mut target = SimTarget::new(&BTreeMap::new());
    let authorization = ("authorization".to_owned(), format!("Bearer {}", target.api_key()));
    target.call(ApiRequest {
        method: method.into(),
        path: path.into(),
        query: String::new(),
        headers: vec![authorization],
        body: Default::default(),
    })
}

fn is_everywhere(entry: &Entry) -> bool {
    entry.file.starts_with('*') && entry.steps.iter().all(|step| step == "*")
}

/// The steps that an entry for another host names.
fn named(entry: &Entry, goldens: &[Golden]) -> Steps {
    let of = |golden: &Golden| golden.name == entry.file;
    let steps = goldens.iter().filter(|golden| of(golden)).flat_map(|golden| {
        let named = golden.steps.iter().filter(|step| entry.steps.contains(&step.name));
        named.map(|step| (golden.name.clone(), step.name.clone()))
    });
    steps.collect()
}

/// All of our own source text.
fn sources() -> String {
    let mut text = String::new();
    let mut folders =
        vec![repository().join("engine/src"), repository().join("tests"), repository().join("host-native")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            match path.extension().and_then(|ending| ending.to_str()) {
                None if path.is_dir() && !path.ends_with("node_modules") => folders.push(path),
                Some("rs") => text.push_str(&fs::read_to_string(path).unwrap_or_default()),
                _ => {}
            }
        }
    }
    text
}
