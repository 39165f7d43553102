"""Dagster resources, one per client: thin, and nothing is loaded before it is used."""
