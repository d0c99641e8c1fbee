"""The lab: one small endpoint for each way in which Python meets the GIL.

`app` is the WSGI application, `asgi` the same for an event loop. The standard library is all they need. Inputs are
bounded; out of range is a 400 that names the range.
"""

# The index lists them in this order.
from handlers.lab import index as index  # isort: skip
from handlers.lab import hello as hello  # isort: skip
from handlers.lab import cpu as cpu  # isort: skip
from handlers.lab import io as io  # isort: skip
from handlers.lab import native as native  # isort: skip
from handlers.lab import race as race  # isort: skip
from handlers.lab import threads as threads  # isort: skip
from handlers.lab import pool as pool  # isort: skip
from handlers.lab import processes as processes  # isort: skip
from handlers.lab import subprocess as subprocess  # isort: skip
from handlers.lab import event_loop as event_loop  # isort: skip
from handlers.lab import interpreters as interpreters  # isort: skip
from handlers.lab import freethreaded as freethreaded  # isort: skip
from handlers.lab import refcount as refcount  # isort: skip
from handlers.lab import switch as switch  # isort: skip
from handlers.lab.on_loop import asgi as asgi  # isort: skip
from handlers.lab.on_threads import app as app  # isort: skip
