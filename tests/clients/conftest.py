"""The server that `with-server` has started, for the tests of every client here."""

import json
import os
import urllib.request

import pytest


class Server:
    """Where it is, a key that is valid, and what clients do not do themselves."""

    url = os.environ.get("HAVERSACK_URL", "")
    key = os.environ.get("HAVERSACK_KEY", "")
    mock = os.environ.get("MOCK_URL", "")

    def call(self, method, path, body=None):
        """Calls the API; the answer's JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def history(self, workspace, session=None):
        """What was said in a workspace: questions and answers in turn."""
        query = f"?apiSessionId={session}" if session else ""
        items = self.call("GET", f"/api/v1/workspace/{workspace}/chats{query}")["history"]
        return [item["content"] for item in items]

    def go_on(self):
        """Lets the mock model finish an answer to `[[mock:hold]]`."""
        urllib.request.urlopen(urllib.request.Request(f"{self.mock}/__mock/release", method="POST"))


@pytest.fixture(scope="session")
def server():
    if not Server.url:
        pytest.exit("run this with `cargo xtask test clients`", returncode=2)
    return Server()


@pytest.fixture(scope="session", autouse=True)
def handbook(server):
    """A workspace with one document; its slug."""
    server.call("POST", "/api/v1/workspace/new", {"name": "Handbook", "chatMode": "chat", "openAiPrompt": "Be brief."})
    text = "Otters live along the river. They eat fish, frogs and crayfish."
    document = {"textContent": text, "metadata": {"title": "otters"}, "addToWorkspaces": "handbook"}
    assert server.call("POST", "/api/v1/document/raw-text", document)["success"]
    return "handbook"
