"""The registry and the lake as people see them in Dagster: schemas, numbers, previews and plots."""
