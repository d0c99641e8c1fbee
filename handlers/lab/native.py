"""The same native work with and without the GIL; and by libraries that let go of it themselves."""

from __future__ import annotations

import hashlib
import importlib
import time
import zlib
from types import ModuleType
from typing import Any

from handlers import native
from handlers.lab.registry import Environ, NotHere, Slots, choice, endpoint, number

MEBIBYTE = 1 << 20
# Something that compresses, but not to nothing.
DATA = b"".join(b"%d squared is %d\n" % (i, i * i) for i in range(60_000))[:MEBIBYTE]
WORK = Slots(16, "native work")
WATCH = "release=1: off-gil and CPU time (baton_request_cpu_seconds), little gil-hold; release=0: gil-hold, others wait"


def extension() -> ModuleType:
    """Return the C++ extension, or say how to get it."""
    if native.lab is None:
        raise NotHere(native.HOW)
    return native.lab


def numpy() -> Any:
    """Return NumPy if there is one."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        raise NotHere("NumPy is not installed for this Python (Debian: python3-numpy)") from None


def parameters(environ: Environ, other: str) -> tuple[str, bool]:
    """Whose work it is, and whether the extension lets go of the GIL; the others cannot be told."""
    return choice(environ, "with", "extension", other), choice(environ, "release", "1", "0") == "1"


def answer(what: str, begin: float, who: str, release: bool) -> bytes:
    seconds = time.perf_counter() - begin
    held = "the GIL was free" if release or who != "extension" else "the GIL was held"
    return f"{what} by {who} in {seconds:.3f} s; {held}\n".encode()


@endpoint(
    "/native/hash",
    "?mb=64&release=1",
    "hashes, by a loop in C++ (with=hashlib: SHA-256, which lets go itself)",
    WATCH,
)
def native_hash(environ: Environ) -> bytes:
    """Hash the same mebibyte again and again."""
    mb = number(environ, "mb", 16, 1, 1024)
    who, release = parameters(environ, "hashlib")
    with WORK.taken():
        begin = time.perf_counter()
        if who == "hashlib":
            state = hashlib.sha256()
            for _ in range(mb):
                state.update(DATA)
            value = state.hexdigest()[:16]
        else:
            value = f"{extension().hash(DATA, rounds=mb, release=release):016x}"
        return answer(f"{mb} MiB hashed to {value}", begin, who, release)


@endpoint(
    "/native/compress",
    "?mb=4&release=1",
    "compresses, by zlib called from C++ (with=zlib: Python's, which lets go itself)",
    WATCH,
)
def native_compress(environ: Environ) -> bytes:
    """Compress the same mebibyte again and again."""
    mb = number(environ, "mb", 1, 1, 64)
    who, release = parameters(environ, "zlib")
    with WORK.taken():
        begin = time.perf_counter()
        if who == "zlib":
            length = [len(zlib.compress(DATA, 6)) for _ in range(mb)][-1]
        else:
            length = extension().compress(DATA, level=6, rounds=mb, release=release)
        return answer(f"{mb} MiB compressed to {length} bytes each", begin, who, release)


@endpoint(
    "/native/matmul",
    "?size=300&release=1",
    "multiplies matrices, by a loop in C++ (with=numpy, which lets go itself)",
    WATCH,
)
def native_matmul(environ: Environ) -> bytes:
    """Multiply two square matrices."""
    size = number(environ, "size", 200, 1, 800)
    who, release = parameters(environ, "numpy")
    with WORK.taken():
        begin = time.perf_counter()
        if who == "numpy":
            np = numpy()
            index = np.arange(size * size, dtype=np.float64).reshape(size, size) * 7
            diagonal = float(np.trace(((index + 1) % 13) @ ((index + 2) % 13)))
        else:
            diagonal = extension().matmul(size, release=release)
        return answer(
            f"{size} x {size} doubles multiplied, the diagonal's sum is {diagonal:.0f}", begin, who, release
        )
