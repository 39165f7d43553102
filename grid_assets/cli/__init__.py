"""The `grid` command over the same functions as the assets."""
