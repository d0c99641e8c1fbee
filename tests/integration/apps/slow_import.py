"""Takes its time to be imported, with a signal handler of its own."""

import signal
import time

signal.signal(signal.SIGINT, lambda *_: None)
print("importing", flush=True)
time.sleep(600)
