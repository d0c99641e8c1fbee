"""The lab: one small endpoint for each way in which Python meets the GIL.

`app` is the WSGI application, `asgi` the same for an event loop. The standard library is all they need. Inputs are
bounded; out of range is a 400 that names the range.
"""

# The index lists them in this order.
from handlers.lab import index as index  # isort: skip
from handlers.lab import hello as hello  # isort: skip
from handlers.lab import cpu as cpu  # isort: skip
from handlers.lab import io as io  # isort: skip
from handlers.lab.on_loop import asgi as asgi  # isort: skip
from handlers.lab.on_threads import app as app  # isort: skip
