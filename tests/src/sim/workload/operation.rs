//! One call, chosen by chance from what the clients know.

use super::embeds;
use super::knowledge::{Fact, Knowledge, Place, thing};
use super::people::{self, Tells};
use crate::golden::replay::events;
use crate::requests::{bare, get, json, raw, segment, upload};
use crate::sim::{Ending, Outcome, Random};
use haversack_engine::seam::ApiRequest;
use serde_json::{Value, json};

/// A call on its way.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What is sent.
    pub request: ApiRequest,
    /// It may answer with a server error although nothing is wrong with the host.
    pub may_fail: bool,
    teaches: Teaches,
}

/// What a good answer to a call tells.
#[derive(Clone, Debug)]
pub(super) enum Teaches {
    Nothing,
    NewWorkspace,
    WorkspaceGone(String),
    NewThread(String),
    ThreadGone(String, String),
    NewDocuments,
    DocumentsGone(Vec<(String, String)>),
    Moved(String, String),
    Placements(String),
    Turn(Place),
    StreamedTurn(Place),
    NewEmbed(String),
    EmbedGone(String),
    People(Tells),
}

const WORDS: [&str; 16] = [
    "otter", "river", "bridge", "valley", "kettle", "maple", "lantern", "harbour", "copper", "meadow",
    "candle", "sparrow", "orchard", "thunder", "velvet", "compass",
];

/// Chooses the next call. `serial` makes names that were never used before.
pub fn choose(random: &mut Random, knowledge: &mut Knowledge, serial: u64) -> Operation {
    let workspaces = names(knowledge, |fact| match fact {
        Fact::Workspace(slug) => Some(slug.clone()),
        _ => None,
    });
    let Some(workspace) = random.pick(&workspaces).cloned() else {
        return new_workspace(random, knowledge, serial);
    };
    if knowledge.people.signed_in && random.chance(400) {
        return people::choose(random, knowledge, &workspace, serial);
    }
    match random.below(100) {
        0..5 => new_workspace(random, knowledge, serial),
        5..9 => update_workspace(random, &workspace),
        9..11 => delete_workspace(knowledge, &workspace),
        11..16 => new_thread(random, &workspace, serial),
        16..18 => change_thread(random, knowledge, serial),
        18..28 => raw_text(random, &workspaces, serial),
        28..34 => upload_file(random, &workspaces),
        34..46 => embed(random, knowledge, &workspace),
        46..49 => remove_document(random, knowledge),
        49..52 => move_or_make_folder(random, knowledge, serial),
        52..55 => pin(random, knowledge, &workspace),
        55..80 => chat(random, knowledge, &workspace, serial),
        80..83 => forget(random, knowledge, &workspace),
        83..86 => search(random, &workspace),
        86..91 => embeds::choose(random, knowledge, &workspace, serial),
        91..97 => read(random, knowledge, &workspace),
        _ => nonsense(random, &workspace),
    }
}

impl Operation {
    pub(super) fn new(request: ApiRequest) -> Operation {
        Operation { request, may_fail: false, teaches: Teaches::Nothing }
    }

    pub(super) fn teaching(request: ApiRequest, teaches: Teaches) -> Operation {
        Operation { request, may_fail: false, teaches }
    }

    /// Takes what a complete good answer tells into `knowledge`.
    pub fn learn(&self, outcome: &Outcome, knowledge: &mut Knowledge) {
        if outcome.ending != Ending::Done || outcome.answer.status != 200 {
            return;
        }
        let body = outcome.answer.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match &self.teaches {
            Teaches::Nothing => {}
            Teaches::NewWorkspace => {
                if let Some(slug) = text(&body["workspace"]["slug"]) {
                    let number = body["workspace"]["id"].as_u64();
                    knowledge.numbers.extend(number.map(|number| (slug.clone(), number)));
                    knowledge.learn(Fact::Workspace(slug));
                }
            }
            Teaches::WorkspaceGone(slug) => knowledge.learn(Fact::NoWorkspace(slug.clone())),
            Teaches::NewThread(workspace) => {
                if let Some(slug) = text(&body["thread"]["slug"]) {
                    knowledge.learn(Fact::Thread(workspace.clone(), slug));
                }
            }
            Teaches::NewEmbed(workspace) => {
                if let Some(uuid) = text(&body["embed"]["uuid"]) {
                    knowledge.learn(Fact::Embed(workspace.clone(), uuid));
                }
            }
            Teaches::People(tells) => tells.learn(&body, knowledge),
            Teaches::EmbedGone(uuid) => knowledge.learn(Fact::NoEmbed(uuid.clone())),
            Teaches::ThreadGone(workspace, slug) => {
                knowledge.learn(Fact::NoThread(workspace.clone(), slug.clone()));
            }
            Teaches::NewDocuments => {
                for document in body["documents"].as_array().into_iter().flatten() {
                    if let Some((folder, name)) =
                        document["location"].as_str().and_then(|l| l.split_once('/'))
                    {
                        knowledge.learn(Fact::Document(folder.into(), name.into()));
                    }
                }
            }
            Teaches::DocumentsGone(gone) => {
                for (folder, name) in gone {
                    knowledge.learn(Fact::NoDocument(folder.clone(), name.clone()));
                }
            }
            Teaches::Moved(folder, name) => {
                if body["success"] == true && body["message"].is_null() {
                    knowledge.learn(Fact::Document(folder.clone(), name.clone()));
                }
            }
            Teaches::Placements(workspace) => {
                for row in body["workspace"]["documents"].as_array().into_iter().flatten() {
                    if let Some(path) = text(&row["docpath"]) {
                        knowledge.learn(Fact::Placement(workspace.clone(), path));
                    }
                }
            }
            Teaches::Turn(place) => {
                if let (Some(id), Some(text)) = (body["chatId"].as_u64(), text(&body["textResponse"])) {
                    knowledge.learn(Fact::Turn(place.clone(), id, text));
                }
            }
            Teaches::StreamedTurn(place) => {
                let events = events(&String::from_utf8_lossy(&outcome.answer.body));
                let said: String = events
                    .iter()
                    .filter(|event| event["type"] == "textResponseChunk")
                    .filter_map(|event| event["textResponse"].as_str())
                    .collect();
                if let Some(id) = events.last().and_then(|last| last["chatId"].as_u64()) {
                    knowledge.learn(Fact::Turn(place.clone(), id, said));
                }
            }
        }
    }
}

fn names<T>(knowledge: &Knowledge, of: impl Fn(&Fact) -> Option<T>) -> Vec<T> {
    knowledge.all().filter_map(of).collect()
}

fn documents(knowledge: &Knowledge) -> Vec<(String, String)> {
    names(knowledge, |fact| match fact {
        Fact::Document(folder, name) => Some((folder.clone(), name.clone())),
        _ => None,
    })
}

fn threads(knowledge: &Knowledge) -> Vec<(String, String)> {
    names(knowledge, |fact| match fact {
        Fact::Thread(workspace, slug) => Some((workspace.clone(), slug.clone())),
        _ => None,
    })
}

fn words(random: &mut Random, count: u64) -> String {
    let mut text = String::new();
    for n in 0..count {
        if n > 0 {
            text.push_str(if random.chance(60) { ".\n\n" } else { " " });
        }
        text.push_str(random.pick(&WORDS).copied().unwrap_or("word"));
    }
    text
}

fn new_workspace(random: &mut Random, knowledge: &mut Knowledge, serial: u64) -> Operation {
    let name = if random.chance(150) { "Shared".to_owned() } else { format!("Room {serial}") };
    knowledge.touch(thing::workspace_again("shared"));
    let mut body = json!({ "name": name });
    if random.chance(300) {
        body["chatMode"] = "query".into();
    }
    if random.chance(300) {
        body["similarityThreshold"] = 0.into();
    }
    Operation::teaching(json("POST", "/v1/workspace/new", &body), Teaches::NewWorkspace)
}

fn update_workspace(random: &mut Random, workspace: &str) -> Operation {
    let bodies = [
        json!({"topN": 2, "openAiHistory": 3}),
        json!({"name": "Renamed", "openAiPrompt": "Today is {date}."}),
        json!({"similarityThreshold": 0.1, "openAiTemp": 0.2}),
        json!({"searchMode": "hybrid"}),
        json!({"bogus": true}),
    ];
    let body = random.pick(&bodies).cloned().unwrap_or_default();
    Operation::new(json("POST", &format!("/v1/workspace/{workspace}/update"), &body))
}

fn delete_workspace(knowledge: &mut Knowledge, workspace: &str) -> Operation {
    knowledge.touch(thing::workspace(workspace));
    let request = bare("DELETE", &format!("/v1/workspace/{workspace}"));
    Operation::teaching(request, Teaches::WorkspaceGone(workspace.to_owned()))
}

fn new_thread(random: &mut Random, workspace: &str, serial: u64) -> Operation {
    let body =
        if random.chance(500) { json!({"name": "T", "slug": format!("t-{serial}")}) } else { json!({}) };
    let request = json("POST", &format!("/v1/workspace/{workspace}/thread/new"), &body);
    Operation::teaching(request, Teaches::NewThread(workspace.to_owned()))
}

fn change_thread(random: &mut Random, knowledge: &mut Knowledge, serial: u64) -> Operation {
    let Some((workspace, slug)) = random.pick(&threads(knowledge)).cloned() else {
        return new_workspace(random, knowledge, serial);
    };
    let path = format!("/v1/workspace/{workspace}/thread/{}", segment(&slug));
    if random.chance(500) {
        return Operation::new(json("POST", &format!("{path}/update"), &json!({"name": "Other"})));
    }
    knowledge.touch(thing::thread(&slug));
    Operation::teaching(bare("DELETE", &path), Teaches::ThreadGone(workspace, slug))
}

fn targets(random: &mut Random, workspaces: &[String]) -> String {
    let count = random.below(3);
    (0..count).filter_map(|_| random.pick(workspaces).cloned()).collect::<Vec<_>>().join(",")
}

fn raw_text(random: &mut Random, workspaces: &[String], serial: u64) -> Operation {
    let length = if random.chance(100) { 2_000 } else { random.between(1, 300) };
    let mut body = json!({
        "textContent": words(random, length),
        "metadata": {"title": format!("paper {serial}"), "docSource": "suite"},
    });
    if random.chance(500) {
        body["addToWorkspaces"] = targets(random, workspaces).into();
    }
    if random.chance(50) {
        body["textContent"] = "This makes the embedder fail [[mock:embed-error]].".into();
    }
    Operation::teaching(json("POST", "/v1/document/raw-text", &body), Teaches::NewDocuments)
}

fn upload_file(random: &mut Random, workspaces: &[String]) -> Operation {
    let text = words(random, 40);
    let table = format!("name,note\n1,{text}\n");
    let files: [(&str, &[u8], bool); 6] = [
        ("notes.txt", text.as_bytes(), false),
        ("same.txt", b"The same file every time: otters in the river.", false),
        ("table.csv", table.as_bytes(), false),
        ("naïve 日本.md", text.as_bytes(), false),
        ("broken.pdf", b"%PDF-1.7\nthis is not one", true),
        ("empty.txt", b"", true),
    ];
    let Some((name, bytes, broken)) = random.pick(&files) else { return Operation::new(get("/ping")) };
    let targets = targets(random, workspaces);
    let fields: &[(&str, &str)] = &[("addToWorkspaces", &targets)];
    let fields = if random.chance(500) { fields } else { &[] };
    let target = if random.chance(200) { "/v1/document/upload/reports" } else { "/v1/document/upload" };
    let mut operation = Operation::teaching(upload(target, name, bytes, fields), Teaches::NewDocuments);
    operation.may_fail = *broken;
    operation
}

fn embed(random: &mut Random, knowledge: &mut Knowledge, workspace: &str) -> Operation {
    let known = documents(knowledge);
    let mut path =
        || random.pick(&known).map_or("custom-documents/none.json".into(), |(f, n)| format!("{f}/{n}"));
    let adds: Vec<String> = [path(), path(), path()].into();
    let gone = path();
    let adds = adds[..usize::try_from(random.below(4)).unwrap_or(0)].to_vec();
    let mut body = json!({ "adds": adds });
    if random.chance(350) {
        knowledge.touch(thing::placement(workspace, &gone));
        body["deletes"] = json!([gone]);
    }
    let request = json("POST", &format!("/v1/workspace/{workspace}/update-embeddings"), &body);
    Operation::teaching(request, Teaches::Placements(workspace.to_owned()))
}

fn remove_document(random: &mut Random, knowledge: &mut Knowledge) -> Operation {
    let Some((folder, name)) = random.pick(&documents(knowledge)).cloned() else {
        return Operation::new(get("/v1/documents"));
    };
    knowledge.touch(thing::document(&folder, &name));
    knowledge.touch(thing::identity(&format!("{folder}/{name}")));
    let gone = Teaches::DocumentsGone(vec![(folder.clone(), name.clone())]);
    let id = name.strip_suffix(".json").and_then(|stem| stem.get(stem.len().checked_sub(36)?..));
    match id {
        Some(id) if random.chance(400) => {
            Operation::teaching(bare("DELETE", &format!("/v1/document/{id}")), gone)
        }
        _ => {
            let body = json!({"names": [format!("{folder}/{name}"), "custom-documents/none.json"]});
            Operation::teaching(json("DELETE", "/v1/system/remove-documents", &body), gone)
        }
    }
}

fn move_or_make_folder(random: &mut Random, knowledge: &mut Knowledge, serial: u64) -> Operation {
    let known = documents(knowledge);
    let Some((folder, name)) = random.pick(&known).cloned().filter(|_| random.chance(600)) else {
        let mut operation =
            Operation::new(json("POST", "/v1/document/create-folder", &json!({"name": "archive"})));
        operation.may_fail = true;
        return operation;
    };
    if random.chance(100) {
        for (_, name) in known.iter().filter(|(folder, _)| folder == "archive") {
            knowledge.touch(thing::document("archive", name));
        }
        // Whatever is moved there meanwhile is lost too.
        knowledge.touch(thing::document("archive", "*"));
        return Operation::new(json("DELETE", "/v1/document/remove-folder", &json!({"name": "archive"})));
    }
    knowledge.touch(thing::document(&folder, &name));
    let to = format!("moved-{serial}.json");
    let (from, target) = (format!("{folder}/{name}"), format!("archive/{to}"));
    knowledge.moved(&from, &target);
    let body = json!({"files": [{"from": from, "to": target}]});
    let request = json("POST", "/v1/document/move-files", &body);
    Operation { request, may_fail: true, teaches: Teaches::Moved("archive".into(), to) }
}

fn pin(random: &mut Random, knowledge: &Knowledge, workspace: &str) -> Operation {
    let placed = names(knowledge, |fact| match fact {
        Fact::Placement(of, path) if of == workspace => Some(path.clone()),
        _ => None,
    });
    let path = random.pick(&placed).cloned().unwrap_or_else(|| "custom-documents/none.json".into());
    let body = json!({"docPath": path, "pinStatus": random.chance(700)});
    Operation::new(json("POST", &format!("/v1/workspace/{workspace}/update-pin"), &body))
}

/// Commands to the mock, and whether the call may then fail.
const MOODS: [(&str, bool); 8] = [
    ("", false),
    ("[[mock:error 500]] ", true),
    ("[[mock:empty]] ", false),
    ("[[mock:cut]] ", true),
    ("[[mock:embed-error]] ", true),
    ("[[mock:slow 20]] ", false),
    ("[[mock:reason]] ", false),
    ("[[mock:long 40]] ", false),
];

fn chat(random: &mut Random, knowledge: &Knowledge, workspace: &str, serial: u64) -> Operation {
    let mood = if random.chance(300) { random.pick(&MOODS).copied() } else { None };
    let (command, may_fail) = mood.unwrap_or_default();
    let message = format!("{command}What about the {}? ({serial})", words(random, 3));
    let mut body = json!({ "message": message });
    if random.chance(400) {
        body["mode"] = if random.chance(700) { "chat" } else { "query" }.into();
    }
    let streamed = random.chance(500);
    let verb = if streamed { "stream-chat" } else { "chat" };
    let thread = random.pick(&threads(knowledge)).cloned().filter(|_| random.chance(400));
    let (place, path) = match thread {
        Some((workspace, thread)) => {
            let path = format!("/v1/workspace/{workspace}/thread/{}/{verb}", segment(&thread));
            (Place::Thread(workspace, thread), path)
        }
        None => {
            let session =
                random.chance(400).then(|| random.pick(&["S", "a/b c"]).copied().unwrap_or("S").to_owned());
            if let Some(session) = &session {
                body["sessionId"] = session.clone().into();
            }
            let path = format!("/v1/workspace/{workspace}/{verb}");
            (Place::Workspace(workspace.to_owned(), session), path)
        }
    };
    let teaches = if streamed { Teaches::StreamedTurn(place) } else { Teaches::Turn(place) };
    Operation { request: json("POST", &path, &body), may_fail, teaches }
}

fn forget(random: &mut Random, knowledge: &mut Knowledge, workspace: &str) -> Operation {
    if random.chance(200) {
        knowledge.touch(thing::all_conversations(workspace));
        return Operation::new(bare("DELETE", &format!("/v1/workspace/{workspace}/chats")));
    }
    let thread = random.pick(&threads(knowledge)).cloned().filter(|_| random.chance(400));
    let (place, path) = match thread {
        Some((workspace, thread)) => {
            let path = format!("/v1/workspace/{workspace}/thread/{}/chat", segment(&thread));
            (Place::Thread(workspace, thread), path)
        }
        None => (Place::Workspace(workspace.to_owned(), None), format!("/v1/workspace/{workspace}/chat")),
    };
    knowledge.touch(thing::conversation(&place));
    Operation::new(json("POST", &path, &json!({"reset": true})))
}

fn search(random: &mut Random, workspace: &str) -> Operation {
    let mut body = json!({"query": words(random, 3), "topN": random.between(1, 9), "scoreThreshold": 0});
    if random.chance(500) {
        body["searchMode"] = if random.chance(500) { "hybrid" } else { "lexical" }.into();
    }
    Operation::new(json("POST", &format!("/v1/workspace/{workspace}/vector-search"), &body))
}

fn read(random: &mut Random, knowledge: &Knowledge, workspace: &str) -> Operation {
    let document = random.pick(&documents(knowledge)).map_or("none.json".into(), |(_, name)| segment(name));
    let targets = [
        "/v1/workspaces".to_owned(),
        format!("/v1/workspace/{workspace}"),
        format!("/v1/workspace/{workspace}/chats?limit=3&orderBy=desc"),
        "/v1/documents".to_owned(),
        "/v1/documents/folder/custom-documents?limit=5&offset=1".to_owned(),
        format!("/v1/document/{document}"),
        "/v1/system/vector-count".to_owned(),
        "/v1/auth".to_owned(),
    ];
    Operation::new(get(random.pick(&targets).map_or("/ping", String::as_str)))
}

fn nonsense(random: &mut Random, workspace: &str) -> Operation {
    let chat = format!("/v1/workspace/{workspace}/chat");
    let calls = [
        raw("POST", &chat, "application/json", "{\"message\": "),
        json("POST", &chat, &json!({"message": ["a"], "mode": 5})),
        json("POST", "/v1/workspace/nowhere/chat", &json!({"message": "x"})),
        json("POST", "/v1/workspace/new", &json!({"name": null})),
        json("POST", "/v1/document/raw-text", &json!({"textContent": ""})),
        raw("POST", "/v1/document/upload", "multipart/form-data; boundary=x", "--x\r\nbroken"),
        bare("PUT", "/v1/workspaces"),
        get("/v1/nothing/here"),
    ];
    let request = random.pick(&calls).cloned().unwrap_or_else(|| get("/ping"));
    // Uploads without a file are a 500 in the API we speak.
    Operation { request, may_fail: true, teaches: Teaches::Nothing }
}
