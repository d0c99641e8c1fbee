"""wsgi.file_wrapper in its forms."""

import io
import os
from wsgiref.validate import validator

FOLDER = os.environ["TEST_FILES"]
closed: list[str] = []


class Unnumbered(io.BytesIO):
    """File-like, but without a descriptor."""

    def close(self):
        closed.append("unnumbered")
        super().close()


class Slow:
    """Has read() and nothing else."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, size):
        return self.data.read(size)


class Watched(io.FileIO):
    def close(self):
        if not self.closed:
            closed.append("watched")
        super().close()


def app(environ, start_response):
    wrap, path = environ["wsgi.file_wrapper"], environ["PATH_INFO"]
    headers = [("Content-Type", "application/octet-stream")]
    if path == "/closed":
        start_response("200 OK", headers)
        return [",".join(closed).encode()]
    name = os.path.join(FOLDER, environ["QUERY_STRING"] or "small")
    if path == "/with-length":
        headers.append(("Content-Length", str(os.path.getsize(name))))
    if path == "/part-by-length":
        headers.append(("Content-Length", "4"))
    start_response("200 OK", headers)
    if path == "/unnumbered":
        return wrap(Unnumbered(b"no descriptor here"), 4)
    if path == "/slow":
        return wrap(Slow(b"only read() here"), 4)
    if path == "/from-the-middle":
        file = open(name, "rb")  # noqa: SIM115
        file.seek(6)
        return wrap(file)
    if path == "/watched":
        return wrap(Watched(name))
    if path == "/kept":
        with open(name, "rb") as file:
            return [b"".join(wrap(file, 3))]
    return wrap(open(name, "rb"), 65536)


validated = validator(app)
