"""Makes what requests can be about, then runs `schemathesis` with `schemathesis.toml` over our openapi.json."""

import os

from conftest import Server

KEYS = 200

server = Server()
for name in ["Otters", "Beavers", "Herons", "Newts", "Toads", "Voles"]:
    server.call("POST", "/api/v1/workspace/new", {"name": name})
    document = {"textContent": f"{name} live along the river.", "metadata": {"title": name}, "addToWorkspaces": name.lower()}
    server.call("POST", "/api/v1/document/raw-text", document)
# Keys are deleted by number, and small numbers are guessed: ours is none of those.
for _ in range(KEYS):
    key = server.call("POST", "/api/system/generate-api-key", {"name": "schemathesis"})["apiKey"]
os.environ["HAVERSACK_KEY"] = key["secret"]
os.execvp("st", ["st", "run", f"{server.url}/api/openapi.json"])
