"""Response fields as the query asks for them, decoded: an application that trusts its input."""

from urllib.parse import parse_qsl


def app(environ, start_response):
    headers = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, encoding="latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Secret", "not to be seen after a refusal"), *headers])
    return [b"the body"]
