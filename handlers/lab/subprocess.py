"""A separate process: whatever it does, the lock is free here."""

from __future__ import annotations

import asyncio
import subprocess

from handlers.lab.real_python import real_python
from handlers.lab.registry import Environ, Failed, Slots, endpoint, number, on_loop

SECONDS_TO_END = 30
CHILDREN = Slots(4, "children")
PROGRAM = """
import sys, time
n = left = int(sys.argv[1])
begin = time.perf_counter()
while left:
    left -= 1
print(f"counted down from {n} in {time.perf_counter() - begin:.3f} s, in another process")
"""


def command(environ: Environ) -> list[str]:
    n = number(environ, "n", 1_000_000, 0, 20_000_000)
    return [real_python(), "-I", "-S", "-c", PROGRAM, str(n)]


def answer(status: int | None, out: bytes) -> bytes:
    if status != 0:
        raise Failed(f"the child ended with {status}")
    return out


@endpoint(
    "/subprocess",
    "?n=2000000",
    "a countdown in a child: computing, and the lock is free meanwhile",
    "off-gil is nearly all of it, and the CPU time is another process's",
)
def subprocess_countdown(environ: Environ) -> bytes:
    """Wait for the child in a system call."""
    with CHILDREN.taken():
        try:
            child = subprocess.run(
                command(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=SECONDS_TO_END,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"the child did not end within {SECONDS_TO_END} s") from None
    return answer(child.returncode, child.stdout)


@on_loop("/subprocess")
async def subprocess_on_loop(environ: Environ) -> bytes:
    """The loop watches the child's pipe."""
    with CHILDREN.taken():
        child = await asyncio.create_subprocess_exec(
            *command(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        try:
            out, _ = await asyncio.wait_for(child.communicate(), SECONDS_TO_END)
        except TimeoutError:
            raise Failed(f"the child did not end within {SECONDS_TO_END} s") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    return answer(child.returncode, out)
