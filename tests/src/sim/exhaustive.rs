//! Every effect of a call fails in turn: the first, the second, … until the call gets through untouched.

use super::faults::{Plan, Profile};
use super::invariants;
use super::workload::check_answer;
use super::{Ending, Outcome, Program, SimHost};
use crate::requests::{get, json, upload};
use crate::target::prepare;
use haversack_engine::seam::ApiRequest;
use serde_json::{Value, json};
use std::sync::Arc;

/// No call needs so many effects.
const EFFECTS_MAX: u64 = 2_000;

/// What happens at the chosen effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// It fails, and what follows is well again.
    Once,
    /// It fails, and so does all that follows.
    Persistent,
    /// The host dies.
    Crash,
}

/// A call worth trying at every effect.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// For reports.
    pub name: &'static str,
    call: fn(&Scene) -> ApiRequest,
    /// It needs a large document.
    large: bool,
    /// Whether what the call asks for is done, by the answers to [`Scene::look`].
    done: fn(&[Value]) -> bool,
}

/// What is there before the call.
pub struct Scene {
    /// Path of a document that is not embedded yet.
    fresh: String,
    /// Path of one that is.
    placed: String,
    /// Path of a large one that is not.
    large: String,
}

impl Scene {
    fn set(host: &mut SimHost, with_large: bool) -> Result<Scene, String> {
        prepare(host);
        let mut good = |request| {
            let answer = host.call(request, false).answer;
            if answer.status == 200 { Ok(answer.json()) } else { Err(format!("the scene: {answer:?}")) }
        };
        good(json(
            "POST",
            "/v1/workspace/new",
            &json!({"name": "W", "openAiPrompt": "Short.", "similarityThreshold": 0}),
        ))?;
        good(json("POST", "/v1/workspace/w/thread/new", &json!({"slug": "t"})))?;
        let text = |title: &str, to: &str| {
            let text = format!("{title} swims in the river. ").repeat(90);
            json(
                "POST",
                "/v1/document/raw-text",
                &json!({"textContent": text, "metadata": {"title": title}, "addToWorkspaces": to}),
            )
        };
        let path = |body: Value| body["documents"][0]["location"].as_str().unwrap_or_default().to_owned();
        let fresh = path(good(text("otter", ""))?);
        let placed = path(good(text("beaver", "w"))?);
        good(json("POST", "/v1/workspace/w/chat", &json!({"message": "hello", "mode": "chat"})))?;
        let large = if with_large {
            let text = "A whale sings far below the ship and nobody hears it. ".repeat(38_000);
            path(good(upload("/v1/document/upload", "whale.txt", text.as_bytes(), &[]))?)
        } else {
            String::new()
        };
        Ok(Scene { fresh, placed, large })
    }

    /// What a client can see: the workspace, its conversation, the documents.
    fn look(host: &mut SimHost) -> Vec<Value> {
        ["/v1/workspace/w", "/v1/workspace/w/chats", "/v1/documents"]
            .map(|path| host.call(get(path), false).answer.json())
            .into()
    }
}

/// Calls that write more than one commit takes.
pub const LARGE_SCENARIOS: [Scenario; 2] = [
    Scenario {
        name: "upload a text of 6 MB",
        large: false,
        call: |_| {
            let text = "A fox crosses the old bridge at night. ".repeat(160_000);
            upload("/v1/document/upload", "fox.txt", text.as_bytes(), &[])
        },
        done: |seen| seen[2].to_string().contains("fox"),
    },
    Scenario {
        name: "embed a text of 2 MB",
        large: true,
        call: |scene| json("POST", "/v1/workspace/w/update-embeddings", &json!({"adds": [scene.large]})),
        done: |seen| lists(&seen[0]["workspace"][0]["documents"], "docpath", "whale"),
    },
];

/// The calls that write the most.
pub const SCENARIOS: [Scenario; 8] = [
    Scenario {
        name: "upload into a workspace",
        large: false,
        call: |_| {
            let text = "A fox crosses the old bridge at night. ".repeat(60);
            upload("/v1/document/upload", "fox.txt", text.as_bytes(), &[("addToWorkspaces", "w")])
        },
        done: |seen| lists(&seen[0]["workspace"][0]["documents"], "docpath", "fox"),
    },
    Scenario {
        name: "embed",
        large: false,
        call: |scene| json("POST", "/v1/workspace/w/update-embeddings", &json!({"adds": [scene.fresh]})),
        done: |seen| lists(&seen[0]["workspace"][0]["documents"], "docpath", "otter"),
    },
    Scenario {
        name: "swap one document for another",
        large: false,
        call: |scene| {
            let body = json!({"adds": [scene.fresh], "deletes": [scene.placed]});
            json("POST", "/v1/workspace/w/update-embeddings", &body)
        },
        done: |seen| {
            let documents = &seen[0]["workspace"][0]["documents"];
            lists(documents, "docpath", "otter") && !lists(documents, "docpath", "beaver")
        },
    },
    Scenario {
        name: "chat",
        large: false,
        call: |_| json("POST", "/v1/workspace/w/chat", &json!({"message": "Who swims?", "mode": "chat"})),
        done: |seen| lists(&seen[1]["history"], "content", "Who swims?"),
    },
    Scenario {
        name: "stream a chat",
        large: false,
        call: |_| {
            json("POST", "/v1/workspace/w/stream-chat", &json!({"message": "Who swims?", "mode": "query"}))
        },
        done: |seen| lists(&seen[1]["history"], "content", "Who swims?"),
    },
    Scenario {
        name: "forget a conversation",
        large: false,
        call: |_| json("POST", "/v1/workspace/w/chat", &json!({"reset": true})),
        done: |seen| seen[1]["history"] == json!([]),
    },
    Scenario {
        name: "remove a document",
        large: false,
        call: |scene| json("DELETE", "/v1/system/remove-documents", &json!({"names": [scene.placed]})),
        done: |seen| {
            !lists(&seen[0]["workspace"][0]["documents"], "docpath", "beaver")
                && !seen[2].to_string().contains("beaver")
        },
    },
    Scenario {
        name: "delete a workspace",
        large: false,
        call: |_| crate::requests::bare("DELETE", "/v1/workspace/w"),
        done: |seen| seen[0]["workspace"] == json!([]),
    },
];

fn lists(items: &Value, key: &str, part: &str) -> bool {
    let named = |item: &Value| item[key].as_str().is_some_and(|text| text.contains(part));
    items.as_array().is_some_and(|items| items.iter().any(named))
}

/// Deals `blow` at every effect of the scenario's call in turn. How many effects the call has.
pub fn exhaust(program: &Arc<dyn Program>, scenario: &Scenario, blow: Blow) -> Result<u64, String> {
    for n in 1..EFFECTS_MAX {
        let mut host = SimHost::new(program.cold(), n, Plan::Random(Profile::CALM));
        let scene = Scene::set(&mut host, scenario.large)?;
        match blow {
            Blow::Once => host.set_plan(Plan::Nth { n, persistent: false }),
            Blow::Persistent => host.set_plan(Plan::Nth { n, persistent: true }),
            Blow::Crash => {
                host.set_plan(Plan::Random(Profile::CALM));
                host.crash_at_effect(Some(n));
            }
        }
        let outcome = host.call((scenario.call)(&scene), false);
        let untouched = host.effects() < n;
        host.crash_at_effect(None);
        host.set_plan(Plan::Random(Profile::CALM));
        aftermath(&mut host, scenario, &outcome, untouched).map_err(|what| {
            let trace = host.trace().join("\n  ");
            format!("{}, {blow:?} at effect {n}: {what}\n  {trace}", scenario.name)
        })?;
        if untouched {
            return Ok(n - 1);
        }
    }
    Err(format!("{}: more than {EFFECTS_MAX} effects", scenario.name))
}

fn aftermath(
    host: &mut SimHost,
    scenario: &Scenario,
    outcome: &Outcome,
    untouched: bool,
) -> Result<(), String> {
    match outcome.ending {
        Ending::Done => check_answer(&outcome.answer)?,
        Ending::Crashed => {}
        Ending::ClientLeft | Ending::Defect(_) => return Err(format!("{:?}", outcome.ending)),
    }
    invariants::check(&host.store)?;
    let good = outcome.ending == Ending::Done && succeeded(outcome);
    let done = (scenario.done)(&Scene::look(host));
    if good && !done {
        return Err(format!("acknowledged, but not done: {}", String::from_utf8_lossy(&outcome.answer.body)));
    }
    if untouched && !good {
        return Err(format!("it fails untouched: {:?}", outcome.answer));
    }
    let announced = invariants::removal_is_announced(&host.store)?;
    host.crash();
    let upkeep = host.start_maintenance();
    let upkeep = host.run_to_end(upkeep);
    if upkeep.answer.status != 200 {
        return Err(format!("the upkeep answers {:?}", upkeep.answer));
    }
    invariants::check_swept(&host.store)?;
    let afterwards = (scenario.done)(&Scene::look(host));
    // A removal that was cut off is finished by the upkeep; nothing else is done or undone by a restart.
    if afterwards != done && !(announced && afterwards) {
        return Err(format!("a restart turned done={done} into {afterwards}"));
    }

    Ok(())
}

/// Whether the answer says that everything asked for was done.
fn succeeded(outcome: &Outcome) -> bool {
    let answer = &outcome.answer;
    if answer.status != 200 {
        return false;
    }
    if answer.header("content-type").is_some_and(|t| t.starts_with("text/event-stream")) {
        let events = crate::golden::replay::events(&String::from_utf8_lossy(&answer.body));
        return events.iter().all(|event| event["type"] != "abort")
            && events.last().is_some_and(|last| last["chatId"].is_u64());
    }
    let body = answer.json();
    // Documents that were not embedded are named in `message` (the body is 200 all the same).
    let said = |key: &str| body[key].is_string();
    !(said("error") || (body.get("workspace").is_some() && said("message")))
}
