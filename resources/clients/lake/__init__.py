"""The table lake: Iceberg tables, planned reads and one-snapshot replaces."""
