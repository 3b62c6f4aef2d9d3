"""What `schemathesis` cannot know by itself, and a count of the statuses of each operation.

`STATUSES` is the file that the counts go to. With `GUEST`, the number of a user, and `GUEST_NAME`, that user is signed in
where a session is needed. `PASSWORD` is theirs, and one that anybody may have.
"""

import atexit
import collections
import json
import os
import threading
from pathlib import Path

import schemathesis
from conftest import Server

server = Server()
guest = os.environ.get("GUEST")
counts = collections.defaultdict(collections.Counter)
lock = threading.Lock()


def token():
    """Signs the guest in, once."""
    return server.call("GET", f"/api/v1/users/{guest}/issue-auth-token")["token"]


def session():
    """A session of the guest's."""
    return server.call("GET", f"/api/request-token/sso/simple?token={token()}")["token"]


@schemathesis.hook
def before_call(context, case, kwargs):
    label = case.operation.label
    with lock:
        number = sum(counts[label].values())
    # Limits by address are tested elsewhere, and would hide what is behind them here.
    more = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
    if guest and label == "POST /session/end":
        more["Authorization"] = f"Bearer {session()}"
    if guest and label == "GET /request-token/sso/simple" and number % 2:
        case.query["token"] = token()

    def sign(request):
        request.headers.update(more)
        return request

    kwargs["auth"] = sign
    # Names and passwords of chance break the rules.
    if number % 2 and isinstance(case.body, dict) and {"username", "password"} <= case.body.keys():
        name = os.environ.get("GUEST_NAME", "nobody") if label == "POST /request-token" else f"person{number}"
        case.body = case.body | {"username": name, "password": os.environ["PASSWORD"]}


@schemathesis.hook
def after_call(context, case, response):
    with lock:
        counts[case.operation.label][response.status_code] += 1


@atexit.register
def write():
    Path(os.environ["STATUSES"]).write_text(json.dumps(counts))
