"""What the tests drive a server with: the process, a raw client, a reader of metrics."""
