//! The mock against the recordings: it must be the model and the embedder they were made with.

use haversack_tests::golden::{self, transcript};
use haversack_tests::mock::{embed, plan};
use serde_json::Value;

fn goldens() -> Vec<transcript::Golden> {
    transcript::read_all(&golden::folder().join("anythingllm-v1")).unwrap()
}

/// The text that the recorded answer gave back, if it gave one.
fn answered(step: &transcript::Step) -> Option<String> {
    let body = &step.response.get("body").unwrap_or(&Value::Null);
    let whole = body["textResponse"].as_str().or_else(|| body["choices"][0]["message"]["content"].as_str());
    if let Some(text) = whole {
        return Some(text.to_owned());
    }
    let events = step.response.get("sse_events")?.as_array()?;
    let text = |event: &Value| {
        let delta = event["choices"][0]["delta"]["content"].as_str();
        let chunk = (event["type"] == "textResponseChunk").then(|| event["textResponse"].as_str()).flatten();
        chunk.or(delta).map(str::to_owned)
    };
    Some(events.iter().filter_map(text).collect())
}

#[test]
fn every_recorded_prompt_gives_the_recorded_reply() {
    let mut compared = 0;
    for golden in goldens() {
        for step in &golden.steps {
            let asked =
                step.mock.get("chat").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let [body] = asked else { continue };
            let plan = plan(body);
            let Some(text) = answered(step).filter(|text| text.starts_with("MOCK ")) else { continue };
            let expected =
                if plan.cut { plan.reply.split_inclusive(' ').take(3).collect() } else { plan.reply };
            assert_eq!(text, expected, "{}: {}", golden.name, step.name);
            compared += 1;
        }
    }
    assert!(compared > 80, "only {compared} prompts were compared");
}

#[test]
fn every_recorded_score_is_that_of_our_vectors() {
    let mut compared = 0;
    for golden in goldens() {
        for step in &golden.steps {
            let query = step
                .request
                .json
                .as_ref()
                .and_then(|json| json["query"].as_str().or(json["message"].as_str()));
            let body = step.response.get("body").unwrap_or(&Value::Null);
            let hits = body["results"].as_array().or(body["sources"].as_array());
            let (Some(query), Some(hits)) = (query, hits) else { continue };
            for hit in hits {
                let (Some(text), Some(score)) = (hit["text"].as_str(), hit["score"].as_f64()) else {
                    continue;
                };
                let ours: f32 = embed(query).iter().zip(embed(text)).map(|(a, b)| a * b).sum();
                assert!(
                    (f64::from(ours) - score).abs() < 1e-3,
                    "{}: {}: {ours} {score}",
                    golden.name,
                    step.name
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "only {compared} scores were compared");
}
