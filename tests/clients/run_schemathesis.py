"""Makes what requests can be about, then runs `schemathesis` with `schemathesis.toml` over our openapi.json.

First for one user what is about users, then everything for several. There every operation must let some calls in, and
one that takes anything at all must have had `EXAMPLES` calls.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from conftest import Server

HERE = Path(__file__).parent
WORKSPACES = ["otters", "beavers", "herons"]
# What is deleted.
DOOMED = ["newts", "toads", "voles"]
# Things are deleted by number, and small numbers are guessed: our own key is none of those.
KEYS = 200
USERS = 100
INVITES = 20
EXAMPLES = 200
PASSWORD = "a long password"
# It would end what is tried; for one user it is not left out.
LEFT_OUT = "POST /system/disable-multi-user"
# Statuses of those who are turned away.
OUTSIDE = {"401", "403", "429"}


def prepare(server):
    """What is there for everybody; lists of it by kind."""
    known = {"uuids": [], "names": [], "paths": [], "ids": list(range(1, USERS))}
    for slug in WORKSPACES + DOOMED:
        server.call("POST", "/api/v1/workspace/new", {"name": slug})
        server.call("POST", f"/api/v1/workspace/{slug}/thread/new", {"slug": f"talk-{slug}"})
        for title in [f"{slug} {n}" for n in range(5)]:
            document = {"textContent": f"{title} live along the river.", "metadata": {"title": title}, "addToWorkspaces": slug}
            made = server.call("POST", "/api/v1/document/raw-text", document)["documents"][0]
            known["paths"].append(made["location"])
            known["names"].append(made["location"].split("/")[1])
            known["ids"].append(made["id"])
            known["uuids"].append(server.call("POST", "/api/v1/embed/new", {"workspace_slug": slug})["embed"]["uuid"])
    for _ in range(KEYS):
        key = server.call("POST", "/api/system/generate-api-key", {"name": "schemathesis"})["apiKey"]
    server.key = key["secret"]
    threads = [f"talk-{slug}" for slug in WORKSPACES]
    known |= {"slugs": WORKSPACES, "doomed": DOOMED, "threads": threads}
    return known | {"codes": ["none"]}


def prepare_users(server):
    """Several users and invitations; lists of them by kind, and for the hooks a user whom nothing here guesses."""
    server.call("POST", "/api/system/enable-multi-user", {"username": "root", "password": PASSWORD})
    for n in range(USERS):
        user = {"username": f"user{n}", "password": PASSWORD, "role": ["default", "manager", "admin"][n % 3]}
        guest = server.call("POST", "/api/v1/admin/users/new", user)["user"]["id"]
    invite = lambda: server.call("POST", "/api/v1/admin/invite/new", {"workspaceIds": [1, 2]})["invite"]["code"]
    known = {"codes": [invite() for _ in range(INVITES)]}
    return known, {"GUEST": str(guest), "GUEST_NAME": user["username"]}


def run(server, known, environment, *options):
    """Runs it with lists of what is `known`; statuses of each operation and how often it answered so."""
    with tempfile.TemporaryDirectory() as folder:
        dictionaries = [f"[dictionaries.{kind}]\nvalues = {json.dumps(values)}\n" for kind, values in known.items()]
        config = Path(folder, "schemathesis.toml")
        config.write_text((HERE / "schemathesis.toml").read_text() + "\n".join(dictionaries))
        statuses = Path(folder, "statuses.json")
        hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "STATUSES": str(statuses), "PYTHONPATH": str(HERE)}
        hooks["PASSWORD"] = PASSWORD
        command = ["st", "--config-file", str(config), "run", f"{server.url}/api/openapi.json", *options]
        environment = os.environ | hooks | {"HAVERSACK_KEY": server.key} | environment
        failed = subprocess.run(command, env=environment, check=False).returncode
        counts = json.loads(statuses.read_text())
    print("Statuses:")
    for name, found in sorted(counts.items()):
        print(f"  {name}: " + ", ".join(f"{status} {count}" for status, count in sorted(found.items())))
    if failed:
        sys.exit(failed)
    return counts


def operations(server):
    """What our description has, by method and path; whether it takes anything."""
    paths = server.call("GET", "/api/openapi.json")["paths"]
    found = {f"{method.upper()} {path}": one for path, methods in paths.items() for method, one in methods.items()}
    return {name: bool(one["parameters"]) or "requestBody" in one for name, one in found.items()}


def reckon(server, counts):
    """Whether everything was tried often enough, and somebody let in everywhere."""
    complaints = []
    for name, takes in operations(server).items():
        found = counts.get(name, {})
        if name != LEFT_OUT and sum(found.values()) < (EXAMPLES if takes else 1):
            complaints.append(f"{name} was called {sum(found.values())} times")
        if name != LEFT_OUT and set(found) <= OUTSIDE:
            complaints.append(f"{name} let nobody in")
    print(f"{len(counts)} operations, {sum(sum(found.values()) for found in counts.values())} calls")
    if complaints:
        sys.exit("\n".join(complaints))


def main():
    server = Server()
    known = prepare(server)
    run(server, known, {}, "--include-tag", "Admin", "--include-tag", "Signing in")
    server.call("POST", "/api/system/disable-multi-user")
    more, environment = prepare_users(server)
    counts = run(server, known | more, environment, "--exclude-name", LEFT_OUT)
    # By itself it passes over some: the description, and what looks like what it has seen.
    missing = [name for name in operations(server) if name not in counts and name != LEFT_OUT]
    if missing:
        counts |= run(server, known | more, environment, *(word for name in missing for word in ("--include-name", name)))
    reckon(server, counts)


main()
