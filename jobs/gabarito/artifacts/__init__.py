"""Artifacts: what stages leave in the store, how it is addressed, finished and read."""
