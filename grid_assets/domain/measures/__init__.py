"""Aggregates and events as SQL, one module per measure; `registry.py` lists them in the order they are computed."""
