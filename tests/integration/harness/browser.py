"""As much of a browser as a form needs: cookies, redirects, url-encoded and multipart bodies."""

from __future__ import annotations

import http.client
import http.cookiejar
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin


@dataclass
class Page:
    url: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """One visitor: keeps cookies, and follows redirects as a GET."""

    def __init__(self, base: str):
        self.base = base
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    def cookie(self, name: str) -> str | None:
        return next((cookie.value for cookie in self.jar if cookie.name == name), None)

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(urljoin(self.base, path)))

    def post(self, path: str, form: dict[str, str], **headers: str) -> Page:
        request = urllib.request.Request(urljoin(self.base, path), data=urlencode(form).encode(), headers=headers)
        return self._open(request)

    def upload(self, path: str, name: str, filename: str, content: bytes, form: dict[str, str] | None = None) -> Page:
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in (form or {}).items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n")
        parts.append(f"--{boundary}--\r\n".encode())
        request = urllib.request.Request(urljoin(self.base, path), data=b"".join(parts))
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(answer.url, answer.status, answer.headers, answer.read())
