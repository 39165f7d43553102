"""Dagster resources, one per client, that yield the plain clients."""
