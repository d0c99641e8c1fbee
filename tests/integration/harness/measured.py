"""The mark of tests that say how measured times relate.

A neighbour on the machine that takes the CPU at the wrong moment may spoil a measurement, but not three in a row; a fault does. pytest
lists what it ran again, and says so in its closing line.
"""

from __future__ import annotations

import pytest

measured = pytest.mark.flaky(reruns=2)
