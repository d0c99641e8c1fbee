"""The handlers that ship with Baton."""
