"""The `openai` package for Python, as it is."""

import json
import struct
import time

import openai
import pytest

QUESTION = [{"role": "user", "content": "What do otters eat?"}]
HELD = [{"role": "user", "content": "[[mock:hold]] What do otters eat?"}]


@pytest.fixture(params=["/v1", "/api/v1/openai"])
def client(request, server):
    return openai.OpenAI(base_url=server.url + request.param, api_key=server.key, max_retries=0)


def test_workspaces_are_models(client):
    assert "handbook" in [model.id for model in client.models.list()]
    assert client.models.retrieve("handbook").owned_by == "generic-openai"


def test_an_answer_has_usage_and_sources(client):
    answer = client.chat.completions.create(model="handbook", messages=QUESTION)
    assert (answer.object, answer.model) == ("chat.completion", "handbook")
    [choice] = answer.choices
    assert (choice.message.role, choice.finish_reason) == ("assistant", "stop")
    assert choice.message.content.endswith("n=2 echo: What do otters eat?")
    usage = answer.usage
    assert usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert [source["title"] for source in answer.sources] == ["otters.txt"]


def test_a_stream_speaks_while_the_model_does(client, server):
    options = {"stream": True, "stream_options": {"include_usage": True}}
    stream = client.chat.completions.create(model="handbook", messages=HELD, **options)
    # The model waits after its first word, and that word is here.
    chunks = [next(stream)]
    assert chunks[0].choices[0].delta.content == "MOCK "
    server.go_on()
    chunks += list(stream)
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1

    *spoken, last, usage = chunks
    assert [chunk.choices[0].delta.role for chunk in spoken] == ["assistant"] + [None] * (len(spoken) - 1)
    text = "".join(chunk.choices[0].delta.content for chunk in spoken)
    assert text.endswith("echo: [[mock:hold]] What do otters eat?")
    assert (last.choices[0].delta.content, last.choices[0].finish_reason) == (None, "stop")
    assert [source["title"] for source in last.sources] == ["otters.txt"]
    assert usage.choices == [] and usage.usage.total_tokens > usage.usage.completion_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_helper_that_gathers_a_stream(client):
    with client.chat.completions.stream(model="handbook", messages=QUESTION) as stream:
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content.endswith("echo: What do otters eat?")


def test_a_client_that_leaves_keeps_what_was_said(client, server):
    user = f"leaver of {client.base_url.path}".replace("/", "-").replace(" ", "-")
    stream = client.chat.completions.create(model="handbook", messages=HELD, stream=True, user=user)
    next(stream)
    stream.close()
    # It is saved once the server has seen that nobody listens any more.
    for _ in range(500):
        if server.history("handbook", user):
            break
        time.sleep(0.02)
    assert server.history("handbook", user)[1] == "MOCK "


def test_instructions_and_history_are_those_that_were_sent(client):
    def ask(*messages):
        answer = client.chat.completions.create(model="handbook", messages=messages)
        return answer.choices[0].message.content.split(" echo")[0]

    earlier = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    last = {"role": "user", "content": "three"}
    system = {"role": "system", "content": "Talk like a pirate."}
    developer = {"role": "developer", "content": "Talk like a pirate."}
    assert ask(*earlier, last).endswith("n=4")
    assert ask(system, last) == ask(developer, last) != ask(last)


def test_the_user_field_keeps_conversations_apart(client, server):
    user = "ann" if client.base_url.path == "/v1/" else "bob"
    client.chat.completions.create(model="handbook", messages=QUESTION, user=user)
    assert server.history("handbook", user)[0] == "What do otters eat?"
    headers = {"x-session-id": f"{user}-header"}
    client.chat.completions.create(model="handbook", messages=QUESTION, extra_headers=headers)
    assert len(server.history("handbook", f"{user}-header")) == 2


def test_images_reach_the_model(client):
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    content = [{"type": "text", "text": "Describe"}, {"type": "image_url", "image_url": {"url": pixel}}]
    answer = client.chat.completions.create(model="handbook", messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content.endswith("img=1 echo: Describe")


def test_errors_are_the_ones_the_package_knows(client, server):
    def ask(**changed):
        return client.chat.completions.create(**{"model": "handbook", "messages": QUESTION, **changed})

    with pytest.raises(openai.NotFoundError) as unknown:
        ask(model="nope")
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as empty:
        ask(messages=[])
    assert (empty.value.type, empty.value.param) == ("invalid_request_error", "messages")
    with pytest.raises(openai.PermissionDeniedError, match="No valid api key found"):
        openai.OpenAI(base_url=client.base_url, api_key="wrong", max_retries=0).models.list()
    for stream in [False, True]:
        with pytest.raises(openai.InternalServerError) as failed:
            ask(messages=[{"role": "user", "content": "[[mock:error 400]]"}], stream=stream)
        assert failed.value.type == "server_error"


def test_a_model_that_breaks_off_is_an_error_in_the_stream(client):
    messages = [{"role": "user", "content": "[[mock:cut]] one two"}]
    stream = client.chat.completions.create(model="handbook", messages=messages, stream=True)
    with pytest.raises(openai.APIError) as broken:
        for chunk in stream:
            assert chunk.choices[0].finish_reason is None
    assert broken.value.type == "server_error"


def test_embeddings_arrive_as_floats_and_as_base64(client):
    texts = ["otters eat fish", "quantum chromodynamics"]
    # Without a format the package asks for base64 and takes it apart.
    packed = client.embeddings.create(model="any", input=texts)
    assert [row.index for row in packed.data] == [0, 1]
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 0
    plain = client.embeddings.create(model="any", input=texts, encoding_format="float")
    single = lambda vector: [struct.unpack("f", struct.pack("f", x))[0] for x in vector]
    assert [list(row.embedding) for row in packed.data] == [single(row.embedding) for row in plain.data]
    assert packed.data[0].embedding != packed.data[1].embedding
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="any", input=[])


def test_tokens_can_be_embedded_as_some_frameworks_send_them(client):
    # "hello world" in cl100k.
    tokens = client.embeddings.create(model="any", input=[[15339, 1917]])
    assert tokens.data[0].embedding == client.embeddings.create(model="any", input="hello world").data[0].embedding


def test_vector_stores_are_listed_page_by_page(client):
    stores = list(client.vector_stores.list(limit=1))
    assert "handbook" in [store.id for store in stores]
    assert [store.file_counts.total for store in stores if store.id == "handbook"] == [1]


def test_the_bare_answer_is_json_all_the_way(client):
    raw = client.chat.completions.with_raw_response.create(model="handbook", messages=QUESTION)
    assert json.loads(raw.text)["choices"][0]["message"]["refusal"] is None
