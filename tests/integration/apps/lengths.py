"""Content-Length that is true, too small, too large, or absent."""

from wsgiref.validate import validator


def blocks(*parts):
    yield from parts


def app(environ, start_response):
    declared, form = environ["QUERY_STRING"].split(",")
    headers = [("Content-Type", "text/plain")]
    if declared:
        headers.append(("Content-Length", declared))
    start_response("200 OK", headers)
    parts = [b"12345", b"67890"]
    return parts if form == "list" else blocks(*parts)


validated = validator(app)
