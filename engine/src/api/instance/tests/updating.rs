//! What `update-env` does, and what it says of it.

use super::*;

#[test]
fn a_setting_is_in_effect_with_the_next_call() {
    let mut host = TestHost::new(&[]);
    let done = update(&mut host, &json!({ "GenericOpenAiTokenLimit": "8192", "NotAKey": "x" }));
    assert_eq!(done["newValues"], json!({ "GenericOpenAiTokenLimit": "8192" }));
    assert_eq!(done["error"], false);
    assert_eq!(done["warnings"], json!(["\"NotAKey\" is not a setting of this server and was ignored."]));
    assert_eq!(shown(&mut host)["GenericOpenAiTokenLimit"], "8192");

    host.workspace("Docs");
    let asked = json!({ "message": "hi", "mode": "chat" });
    host.pages.insert("http://llm/v1/models".into(), (200, "application/json".into(), "{}".into()));
    let reply = r#"{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}"#;
    host.pages
        .insert("http://llm/v1/chat/completions".into(), (200, "application/json".into(), reply.into()));
    let done = update(
        &mut host,
        &json!({
            "LLMProvider": "generic-openai",
            "GenericOpenAiBasePath": "http://llm/v1",
            "GenericOpenAiModelPref": "m",
            "GenericOpenAiKey": "k",
        }),
    );
    assert_eq!((&done["error"], done.get("warnings")), (&json!(false), None));
    assert_eq!(host.call("POST", "/v1/workspace/docs/chat", &asked).ok()["textResponse"], "hello");
}

#[test]
fn the_first_value_that_does_not_pass_ends_it_and_earlier_ones_stay() {
    let mut host = TestHost::new(&[]);
    let done =
        update(&mut host, &json!({ "GroqModelPref": "a", "LLMProvider": "nope", "MistralModelPref": "b" }));
    assert_eq!(done["error"], "nope is not a valid LLM provider.");
    assert_eq!(done["newValues"], json!({ "GroqModelPref": "a" }));
    let settings = shown(&mut host);
    assert_eq!((&settings["GroqModelPref"], settings.get("MistralModelPref")), (&json!("a"), None));
}

#[test]
fn a_value_of_another_type_changes_nothing() {
    let mut host = TestHost::new(&[]);
    let body = json!({ "GroqModelPref": "a", "GenericOpenAiTokenLimit": 8192 });
    let refused = host.call("POST", "/v1/system/update-env", &body);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"], "`GenericOpenAiTokenLimit` must be a string.");
    assert_eq!(shown(&mut host).get("GroqModelPref"), None);
}

#[test]
fn a_server_that_does_not_answer_is_told_of_and_the_setting_stands() {
    let mut host = TestHost::new(&[]);
    let done = update(
        &mut host,
        &json!({ "LLMProvider": "ollama", "OllamaLLMBasePath": "http://nobody:11434", "OllamaLLMModelPref": "m" }),
    );
    assert_eq!(done["error"], false);
    let warning = done["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("The language model (ollama) is set, but did not answer"), "{warning}");
    assert_eq!(host.fetched.as_ref().unwrap().url, "http://nobody:11434/api/tags");
    assert_eq!(shown(&mut host)["LLMProvider"], "ollama");
}

#[test]
fn another_embedder_does_not_make_vectors_useless_unasked() {
    let mut host = embedded();
    let done = update(&mut host, &json!({ "EmbeddingEngine": "native", "GroqModelPref": "a" }));
    let error = done["error"].as_str().unwrap();
    assert!(error.starts_with("1 chunk "), "{error}");
    assert!(error.contains("\"confirmReset\": true"), "{error}");
    assert_eq!(done["newValues"], json!({ "GroqModelPref": "a" }));
    assert_eq!(shown(&mut host)["EmbeddingEngine"], "generic-openai");
    let found = host.call("POST", "/v1/workspace/docs/vector-search", &json!({ "query": "otters" })).ok();
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
}

#[test]
fn another_embedder_that_was_asked_for_takes_over() {
    let mut host = embedded();
    let done = update(&mut host, &json!({ "EmbeddingEngine": "native", "confirmReset": true }));
    assert_eq!(
        (&done["error"], &done["newValues"]),
        (&json!(false), &json!({ "EmbeddingEngine": "native" }))
    );
    let count = host.call("GET", "/v1/system/vector-count", &Value::Null).ok();
    assert_eq!(count, json!({ "vectorCount": 0 }));
    for kind in ["wsdoc", "index/", "vec/", "row/", "chunk/"] {
        assert_eq!(host.keys(kind), Vec::<String>::new());
    }
    // The document stays, and can be added again.
    let files = host.call("GET", "/v1/documents", &Value::Null).ok();
    let path = files["documents"][0]["docpath"].clone();
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
    let found = host.call("POST", "/v1/workspace/docs/vector-search", &json!({ "query": "otters" })).ok();
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
    let logs = host.call("GET", "/v1/system/event-logs?event=workspace_vectors_reset", &Value::Null).ok();
    assert_eq!(logs["logs"].as_array().unwrap().len(), 1);
}

#[test]
fn an_upload_and_a_change_of_embedder_at_once_do_not_lose_the_upload_silently() {
    let mut host = embedded();
    let path = host.raw_text("beaver", "Beavers build dams.");
    let body = json!({ "EmbeddingEngine": "native", "confirmReset": true });
    let mut change = host.start(crate::testing::json_request("POST", "/v1/system/update-env", &body));
    assert!(host.run_until(&mut change, crate::testing::is_commit));
    // The upload moves the index in between, so the change starts over and takes it out as well.
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
    assert_eq!(host.finish(&mut change).ok()["error"], false);
    assert_eq!(host.keys("vec/"), Vec::<String>::new());
}

#[test]
fn a_preferred_system_prompt_is_that_of_new_workspaces() {
    let mut host = TestHost::new(&[]);
    let preferences = [("default_system_prompt".to_owned(), "Be brief.".to_owned())].into();
    let instance = crate::model::Instance { preferences, ..Default::default() };
    host.record(crate::store::key::instance(), &instance);
    let made = host.call("POST", "/v1/workspace/new", &json!({ "name": "Docs" })).ok();
    assert_eq!(made["workspace"]["openAiPrompt"], "Be brief.");
    let own =
        host.call("POST", "/v1/workspace/new", &json!({ "name": "Own", "openAiPrompt": "Rhyme." })).ok();
    assert_eq!(own["workspace"]["openAiPrompt"], "Rhyme.");
}

#[test]
fn an_address_is_changed_only_with_the_key_that_is_for_it() {
    let vars = [
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", "http://llm/v1"),
        ("GENERIC_OPEN_AI_MODEL_PREF", "m"),
        ("GENERIC_OPEN_AI_API_KEY", "the-stored-secret"),
        ("LMSTUDIO_AUTH_TOKEN", "the-stored-secret"),
        ("COHERE_API_KEY", "the-stored-secret"),
    ];
    let mut host = TestHost::new(&vars);
    let other = "http://elsewhere/v1";
    for (body, name) in [
        (json!({ "GenericOpenAiTokenLimit": "8192", "GenericOpenAiBasePath": other }), "GenericOpenAiKey"),
        (
            json!({ "GenericOpenAiBasePath": other, "GenericOpenAiKey": "****************" }),
            "GenericOpenAiKey",
        ),
        (json!({ "LMStudioBasePath": other }), "LMStudioAuthToken"),
        (json!({ "EmbeddingEngine": "lmstudio", "EmbeddingBasePath": other }), "LMStudioAuthToken"),
        (json!({ "EmbeddingEngine": "lmstudio" }), "LMStudioAuthToken"),
    ] {
        let done = update(&mut host, &body);
        let error = done["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("The stored {name} is for another address than ")), "{error}");
        assert_eq!(done["newValues"], json!({}), "{body}");
        assert!(host.keys("set/").is_empty(), "{body}");
    }
    assert_eq!(shown(&mut host)["GenericOpenAiBasePath"], "http://llm/v1");
    // In two steps it does not work either.
    let done =
        update(&mut host, &json!({ "EmbeddingEngine": "ollama", "EmbeddingBasePath": "http://elsewhere" }));
    assert_eq!(done["error"], false);
    let done = update(&mut host, &json!({ "EmbeddingEngine": "lmstudio" }));
    assert!(done["error"].as_str().unwrap().contains("LMStudioAuthToken"), "{done}");
    // A key for an engine with an address of its own may be stored before the engine is chosen.
    assert_eq!(update(&mut host, &json!({ "EmbeddingEngine": "cohere" }))["error"], false);
    for key in ["another", ""] {
        let body = json!({ "GenericOpenAiBasePath": format!("http://new{key}/v1"), "GenericOpenAiKey": key });
        let done = update(&mut host, &body);
        assert_eq!(
            (&done["error"], shown(&mut host)["GenericOpenAiKey"].clone()),
            (&json!(false), json!(!key.is_empty()))
        );
    }
    // Without a key there is nothing to lose.
    assert_eq!(update(&mut host, &json!({ "GenericOpenAiBasePath": other }))["error"], false);
}

#[test]
fn an_address_with_headers_of_the_operator_is_the_operators_to_change() {
    let mut host = TestHost::new(&[
        ("GENERIC_OPEN_AI_BASE_PATH", "http://llm/v1"),
        ("GENERIC_OPEN_AI_CUSTOM_HEADERS", "x-token:secret"),
    ]);
    let done = update(
        &mut host,
        &json!({ "GenericOpenAiBasePath": "http://elsewhere/v1", "GenericOpenAiKey": "k" }),
    );
    let error = done["error"].as_str().unwrap();
    assert!(error.starts_with("GENERIC_OPEN_AI_CUSTOM_HEADERS is set by the operator"), "{error}");
    assert_eq!(shown(&mut host)["GenericOpenAiBasePath"], "http://llm/v1");
}
