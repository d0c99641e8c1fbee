"""The switch interval: how long a thread may keep the GIL after another has asked for it."""

from __future__ import annotations

import sys
import threading
import time

from handlers.lab.registry import Environ, Slots, endpoint, number
from handlers.work import countdown

# The interval is everybody's: two requests at a time would measure each other's.
TURN = Slots(1, "the switch interval")


def beside_two_computing(n: int) -> tuple[float, list[float]]:
    """Two threads count down while this one sleeps 1 ms again and again: seconds, and how late it woke each time."""
    crowd = [threading.Thread(target=countdown, args=(n,), name=f"lab-switch-{i}") for i in range(2)]
    late = []
    begin = time.perf_counter()
    for each in crowd:
        each.start()
    while any(each.is_alive() for each in crowd):
        due = time.perf_counter() + 0.001
        time.sleep(0.001)
        late.append(time.perf_counter() - due)
    for each in crowd:
        each.join()
    return time.perf_counter() - begin, late


@endpoint(
    "/switch",
    "?interval=5000&n=1000000",
    "the switch interval, in microseconds: short ones cost throughput, long ones let others wait",
    "gil-wait; under --gil-policy latency this request asks sooner than the interval, cpython shows it as it is",
    on_loop="thread",
)
def switch(environ: Environ) -> bytes:
    """Set the interval, measure, and set it back."""
    interval = number(environ, "interval", 5000, 10, 100_000)
    n = number(environ, "n", 1_000_000, 1, 10_000_000)
    with TURN.taken():
        usual = sys.getswitchinterval()
        sys.setswitchinterval(interval / 1_000_000)
        try:
            seconds, late = beside_two_computing(n)
        finally:
            sys.setswitchinterval(usual)
    return (
        f"switch interval {interval} us (usually {usual * 1e6:.0f}): two threads counted down from {n} in {seconds:.3f} s; a third, "
        f"which slept 1 ms {len(late)} times, woke {sum(late) / max(1, len(late)) * 1000:.2f} ms late on average\n"
    ).encode()
