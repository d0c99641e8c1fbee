#!/usr/bin/env python3
"""How long a sleep of 2 ms takes on this machine at this moment: no server can be better. Prints nanoseconds as JSON."""

from __future__ import annotations

import json
import sys
import time


def main() -> int:
    end = time.monotonic() + float(sys.argv[1])
    took = []
    while time.monotonic() < end:
        before = time.monotonic_ns()
        time.sleep(0.002)
        took.append(time.monotonic_ns() - before)
    json.dump(took, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
