"""Bytecode that holds the lock."""

from __future__ import annotations

import json

from handlers.lab.registry import Environ, Slots, endpoint, number

DOCUMENTS = Slots(8, "large documents")


@endpoint("/cpu/countdown", "?n=1000000", "counts down in pure Python", "gil-hold is all of it")
def countdown(environ: Environ) -> bytes:
    """Compute in pure Python, holding the GIL."""
    n = left = number(environ, "n", 100_000, 0, 100_000_000)
    while left:
        left -= 1
    return f"counted down from {n}\n".encode()


@endpoint(
    "/cpu/primes",
    "?n=20000",
    "counts primes by trial division",
    "gil-hold; beside others of its kind gil-wait",
)
def primes(environ: Environ) -> bytes:
    """Divide by all smaller primes up to the root."""
    n = number(environ, "n", 10_000, 0, 500_000)
    found: list[int] = []
    for candidate in range(2, n):
        for prime in found:
            if prime * prime > candidate:
                found.append(candidate)
                break
            if candidate % prime == 0:
                break
        else:
            found.append(candidate)
    return f"there are {len(found)} primes below {n}\n".encode()


def fibonacci(n: int) -> int:
    """The slow way: about 1.6 to the power of n calls."""
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@endpoint(
    "/cpu/fib", "?n=22", "function calls: the nth Fibonacci number, recursively", "gil-hold is all of it"
)
def fib(environ: Environ) -> bytes:
    """Call functions, and nothing else."""
    n = number(environ, "n", 20, 0, 32)
    return f"fibonacci({n}) = {fibonacci(n)}\n".encode()


@endpoint(
    "/cpu/json",
    "?records=5000",
    "the C code of json, which never lets go in the middle of a document",
    "gil-hold; and baton_gil_longest_hold_seconds in /metrics, for nobody can interrupt it",
)
def document(environ: Environ) -> bytes:
    """Write a document and read it again: one long hold each."""
    records = number(environ, "records", 1000, 1, 50_000)
    with DOCUMENTS.taken():
        text = json.dumps([{"id": i, "name": f"name {i}", "tags": ["a", "b"]} for i in range(records)])
        same = len(json.loads(text))
    return f"{same} records, {len(text)} bytes of JSON\n".encode()
