"""Takes time in a known way on an event loop, and says how long it took by its own clocks."""

import asyncio
import json
import time
from urllib.parse import parse_qs

arrived = []


def spend(seconds):
    """CPU time of this thread, in one go: nothing else runs on the loop meanwhile."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def nothing(seconds):
    pass


async def compute(seconds):
    spend(seconds)


async def compute_in_steps(seconds):
    for _ in range(10):
        spend(seconds / 10)
        await asyncio.sleep(0)


async def sleep(seconds):
    await asyncio.sleep(seconds)


async def child(seconds):
    """A task of its own computes, and this one waits for it."""

    async def work():
        await asyncio.sleep(0)
        spend(seconds)

    await asyncio.create_task(work())


async def grandchildren(seconds):
    async def work(depth):
        if depth == 0:
            spend(seconds / 4)
        else:
            await asyncio.gather(work(depth - 1), work(depth - 1))

    await asyncio.create_task(work(2))


async def callbacks(seconds):
    """call_soon, call_later, and a callback of a future: half in each."""
    loop = asyncio.get_running_loop()
    done, later = loop.create_future(), loop.create_future()

    def first():
        spend(seconds / 2)
        done.set_result(None)

    def second():
        spend(seconds / 2)
        later.set_result(None)

    loop.call_soon(first)
    loop.call_later(0.01, second)
    await done
    await later


async def native(seconds):
    """Off the loop: a thread that sleeps."""
    await asyncio.to_thread(time.sleep, seconds)


async def wait(seconds):
    """In flight until somebody asks for /signal."""
    arrived.append(asyncio.get_running_loop().create_future())
    await arrived[-1]


async def waiting(seconds):
    return len(arrived)


async def signal_and_compute(seconds):
    """Those who /wait could go on from here, but this callback keeps the loop."""
    for future in arrived:
        future.set_result(None)
    arrived.clear()
    spend(seconds)


async def wait_then_sleep(seconds):
    """As /wait, and then a timer."""
    await wait(seconds)
    await asyncio.sleep(seconds)


async def let_go_and_compute(seconds):
    """Those who /wait-then-sleep have their timers by the time this one keeps the loop."""
    await signal_and_compute(0)
    for _ in range(5):
        await asyncio.sleep(0)
    spend(seconds)


async def background(seconds):
    return None


WAYS = {
    "/": nothing, "/compute": compute, "/steps": compute_in_steps, "/sleep": sleep, "/child": child,
    "/grandchildren": grandchildren, "/callbacks": callbacks, "/thread": native, "/wait": wait, "/waiting": waiting,
    "/signal": signal_and_compute, "/background": background,
    "/wait-then-sleep": wait_then_sleep, "/let-go": let_go_and_compute,
}  # fmt: skip


async def app(scope, receive, send):
    assert scope["type"] == "http"
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    seconds = float(query.get("s", 0))
    begun, cpu = time.perf_counter(), time.thread_time()
    result = await WAYS[scope["path"]](seconds)
    took = {"wall": time.perf_counter() - begun, "cpu": time.thread_time() - cpu, "result": result}
    body = json.dumps(took).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
    if scope["path"] == "/background":
        await asyncio.sleep(0)
        spend(seconds)
