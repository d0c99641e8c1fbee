"""Ends the process while imported, as scripts without a main guard do."""

import sys

sys.exit("a script, not a module")
