"""Large bodies in both directions, kept nowhere."""

import hashlib

BLOCK = bytes(range(256)) * 256  # 64 KiB


def blocks(count):
    for _ in range(count):
        yield BLOCK


def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        digest, total = hashlib.sha256(), 0
        while part := environ["wsgi.input"].read(65536):
            digest.update(part)
            total += len(part)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{total} {digest.hexdigest()}".encode()]
    count = int(environ["QUERY_STRING"])
    headers = [("Content-Type", "application/octet-stream")]
    if environ["PATH_INFO"] == "/sized":
        headers.append(("Content-Length", str(count * len(BLOCK))))
    start_response("200 OK", headers)
    return blocks(count)
