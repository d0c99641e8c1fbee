"""A certificate authority made on the spot, and what it takes to serve with it and to trust it."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def sign(folder: Path, name: str, subject: str, *, authority: str, extra: str) -> None:
    (folder / f"{name}.ext").write_text(extra)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
    openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
        "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem",
    )  # fmt: skip


def make(folder: Path) -> Path:
    """Of a server, a client, and a stranger whom the authority does not know."""
    for authority in ("ca", "stranger-ca"):
        openssl(
            folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", f"{authority}.key", "-out", f"{authority}.pem", "-subj", f"/CN=Test {authority}",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
    sign(folder, "server", "/CN=localhost", authority="ca", extra="subjectAltName=DNS:localhost,IP:127.0.0.1")
    sign(folder, "client", "/CN=A Client/O=Test", authority="ca", extra="extendedKeyUsage=clientAuth")
    sign(folder, "stranger", "/CN=A Stranger", authority="stranger-ca", extra="extendedKeyUsage=clientAuth")
    return folder


def options(folder: Path, *more: str) -> tuple[str, ...]:
    return ("--tls-cert", str(folder / "server.pem"), "--tls-key", str(folder / "server.key"), *more)


def trust(folder: Path, version: ssl.TLSVersion | None = None, certificate: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if version is not None:
        context.minimum_version = context.maximum_version = version
        if version < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("ALL:@SECLEVEL=0")
    if certificate:
        context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    return context
