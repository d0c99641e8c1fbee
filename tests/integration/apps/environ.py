"""Answers with its environ as JSON; what is not JSON is named by its type."""

import json
from wsgiref.validate import validator


def app(environ, start_response):
    plain = {k: v if isinstance(v, str | int | bool | tuple) else f"<{type(v).__name__}>" for k, v in environ.items()}
    plain["type of environ"] = type(environ).__name__
    plain["fresh"] = "mark of an earlier request" not in environ
    environ["mark of an earlier request"] = "1"
    body = json.dumps(plain).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


validated = validator(app)
