"""The data pipeline: the pure domain, the stages over it, the Dagster assets and the `grid` command."""
