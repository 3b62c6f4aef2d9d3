"""`@mintplex-labs/anything-llm-cli`, AnythingLLM's own command line, as it is."""

import base64
import os
import pty
import re
import select
import subprocess
import termios
from pathlib import Path

import pytest

ANY = Path(__file__).parent / "node_modules/.bin/any"
DEFAULT_WORKSPACE = "anythingllm-cli-default-workspace"
PATIENCE_S = 60


@pytest.fixture
def environment(server, tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SHELL": "/bin/bash",
        "ANYTHING_LLM_BASE_URL": server.url,
        "ANYTHING_LLM_API_KEY": server.key,
    }


@pytest.fixture
def run(environment):
    def run(*arguments, stdin=""):
        done = subprocess.run([ANY, *arguments], input=stdin, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def on_a_terminal(command, environment, dialogue):
    """Types an answer to each prompt of a command as it appears; everything that was shown."""
    process, terminal = pty.fork()
    if process == 0:
        termios.tcsetwinsize(0, (24, 120))
        os.execvpe(command[0], command, environment)
    shown, seen = "", 0
    for prompt, keys in [*dialogue, (None, None)]:
        while prompt is None or prompt not in shown[seen:]:
            ready, _, _ = select.select([terminal], [], [], PATIENCE_S)
            try:
                piece = os.read(terminal, 4096) if ready else b""
            except OSError:  # Linux says so when the command has ended.
                piece = b""
            if not piece:
                break
            shown += piece.decode(errors="replace")
        if keys:
            assert prompt in shown[seen:], shown
            seen = len(shown)
            os.write(terminal, keys)
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    return shown


def test_setup_takes_our_key_and_then_it_is_connected(server, environment, tmp_path):
    before = {name: value for name, value in environment.items() if not name.startswith("ANYTHING_LLM")}
    dialogue = [
        ("What type of", b"\x1b[B\r"),  # down: not the desktop
        ("instance URL", server.url.encode() + b"\r"),
        ("API Key", server.key.encode() + b"\r"),
    ]
    assert "Setup complete" in on_a_terminal([str(ANY), "setup"], before, dialogue)
    exports = (tmp_path / ".bashrc").read_text()
    assert f'export ANYTHING_LLM_BASE_URL="{server.url}"' in exports
    shell = ["bash", "-c", 'source ~/.bashrc && exec "$0" --help', ANY]
    banner = subprocess.run(shell, capture_output=True, text=True, env=before, check=True).stdout
    assert "Connected to AnythingLLM" in banner


def test_a_key_that_we_made_is_of_the_length_it_insists_on(server, environment, run):
    made = server.call("POST", "/api/system/generate-api-key", {"name": "cli"})["apiKey"]["secret"]
    assert len(made) == 31
    environment["ANYTHING_LLM_API_KEY"] = made
    assert "Connected to AnythingLLM" in run("--help")
    environment["ANYTHING_LLM_API_KEY"] = made[::-1]
    assert "the API key is invalid" in run("--help")


def test_a_prompt_makes_the_default_workspace_and_streams(server, run):
    answer = run("prompt", "What", "do", "otters", "eat?")
    assert re.fullmatch(r"MOCK \w+ n=2 echo: What do otters eat\?", answer)
    assert server.history(DEFAULT_WORKSPACE) == ["What do otters eat?", answer]
    [workspace] = server.call("GET", f"/api/v1/workspace/{DEFAULT_WORKSPACE}")["workspace"]
    assert "AnythingLLM CLI tool" in workspace["openAiPrompt"]


def test_a_prompt_without_streaming_and_with_input(handbook, run):
    answer = run("prompt", "-S", "-w", handbook, "Explain this", stdin="panic at line 3\n")
    assert answer.endswith("echo: panic at line 3\n Explain this")


def test_thoughts_are_told_from_the_answer(handbook, run):
    shown = run("prompt", "-w", handbook, "[[mock:reason]] why?")
    assert re.search(r"Thinking\.\.\.\nthinking about it\n\.\.\.done thinking\.\n", shown)
    assert "<think>" not in shown


def test_threads_have_a_memory_of_their_own(server, handbook, run):
    assert " n=2 " in run("prompt", "-w", handbook, "--nt", "The first question")
    [workspace] = server.call("GET", f"/api/v1/workspace/{handbook}")["workspace"]
    thread = workspace["threads"][-1]["slug"]
    for streaming in [[], ["-S"]]:
        shown = run("prompt", "-w", handbook, "-t", thread, *streaming, "And another")
    assert " n=6 echo: And another" in shown


def test_images_reach_the_model(handbook, run, tmp_path):
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    (tmp_path / "pixel.png").write_bytes(base64.b64decode(pixel))
    assert " img=1 echo: Describe" in run("prompt", "-w", handbook, "Describe", "-a", str(tmp_path / "pixel.png"))
