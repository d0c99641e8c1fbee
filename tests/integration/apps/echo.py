"""Gives the body back, in one block with its length."""

from wsgiref.validate import validator


def app(environ, start_response):
    body = environ["wsgi.input"].read(-1)
    start_response(
        "200 OK",
        [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", str(len(body))),
            ("X-Path", environ["PATH_INFO"].encode("unicode_escape").decode()),
            ("X-Method", environ["REQUEST_METHOD"]),
        ],
    )
    return [body]


validated = validator(app)
