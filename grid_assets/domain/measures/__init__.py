"""Aggregates and events as SQL, one measure per module."""
