"""The `llm` command line with its OpenAI plugin, as it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

LLM = Path(sys.executable).with_name("llm")


@pytest.fixture(params=["/v1", "/api/v1/openai"])
def llm(request, server, handbook, tmp_path):
    """Runs `llm` with our server as a further model."""
    model = {
        "model_id": handbook,
        "model_name": handbook,
        "api_base": server.url + request.param,
        "api_key_name": "haversack",
        "vision": True,
    }
    (tmp_path / "extra-openai-models.yaml").write_text(yaml.safe_dump([model]))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LLM_USER_PATH": str(tmp_path)}

    def llm(*arguments, stdin=""):
        done = subprocess.run([LLM, *arguments], input=stdin, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    llm("keys", "set", "haversack", "--value", server.key)
    return llm


def test_it_lists_the_model(llm, handbook):
    assert f"OpenAI Chat: {handbook}" in llm("models")


@pytest.mark.parametrize("streaming", [[], ["--no-stream"]])
def test_a_prompt_is_answered_and_counted(llm, handbook, streaming):
    assert llm("-m", handbook, *streaming, "What do otters eat?").endswith("n=2 echo: What do otters eat?")
    [logged] = json.loads(llm("logs", "--json"))
    assert logged["input_tokens"] > 0 and logged["output_tokens"] > 0


def test_a_conversation_goes_on(llm, handbook):
    llm("-m", handbook, "-s", "Talk like a pirate.", "The first question")
    assert llm("-c", "And another").endswith("n=4 echo: And another")


def test_input_and_images_reach_the_model(llm, handbook, tmp_path):
    assert llm("-m", handbook, "-s", "Explain", stdin="panic at line 3").endswith("echo: panic at line 3")
    pixel = "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f8ff1f000301"
    (tmp_path / "pixel.png").write_bytes(bytes.fromhex(pixel))
    image = str(tmp_path / "pixel.png")
    assert " img=1 echo: Describe" in llm("-m", handbook, "Describe", "--at", image, "image/png")
