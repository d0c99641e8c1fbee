"""What one thread can do with an event loop, and what stops it."""

from __future__ import annotations

import asyncio
import time

from handlers.lab.registry import Environ, Slots, endpoint, number, on_loop

GATHERINGS = Slots(8, "gatherings")
TICK_SECONDS = 0.005


async def waits(environ: Environ) -> bytes:
    """Many sleeps at the same time."""
    n = number(environ, "n", 1000, 1, 10_000)
    ms = number(environ, "ms", 100, 0, 5000)
    with GATHERINGS.taken():
        begin = time.perf_counter()
        await asyncio.gather(*(asyncio.sleep(ms / 1000) for _ in range(n)))
        seconds = time.perf_counter() - begin
    return f"{n} waits of {ms} ms each, together {n * ms / 1000:g} s, took {seconds:.3f} s on one thread\n".encode()


async def latest_tick(done: asyncio.Event) -> float:
    """Sleep again and again; return by how many seconds the latest wake-up was late."""
    latest = 0.0
    while not done.is_set():
        due = time.perf_counter() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        latest = max(latest, time.perf_counter() - due)
    return latest


async def block(environ: Environ) -> bytes:
    """Call what blocks, beside a task that only wants to be woken on time."""
    ms = number(environ, "ms", 100, 0, 2000)
    done = asyncio.Event()
    ticker = asyncio.create_task(latest_tick(done))
    try:
        await asyncio.sleep(TICK_SECONDS)
        time.sleep(ms / 1000)  # what it is about
        await asyncio.sleep(0)
    finally:
        done.set()
    late = await ticker
    return f"one call blocked the loop's thread for {ms} ms; another task was woken {late * 1000:.1f} ms late\n".encode()


@endpoint(
    "/asyncio/gather",
    "?n=1000&ms=100",
    "a thousand waits on one thread, all at the same time",
    "gil-hold is what a thousand tasks cost, off-gil the one wait that they share",
)
def gather(environ: Environ) -> bytes:
    """On a thread of the server, with a loop for this request alone."""
    return asyncio.run(waits(environ))


@endpoint(
    "/asyncio/blocking",
    "?ms=200",
    "one blocking call on the loop's thread stops every task of the loop",
    "off-gil; under /asgi the others that wait for the loop have it in `ready`, and in baton_event_loop_lag_seconds",
)
def blocking(environ: Environ) -> bytes:
    """On a thread of the server, with a loop for this request alone: it stops nobody else."""
    return asyncio.run(block(environ))


on_loop("/asyncio/gather")(waits)
on_loop("/asyncio/blocking")(block)
