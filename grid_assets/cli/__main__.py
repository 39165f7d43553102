"""`python -m grid_assets.cli` is the same as `grid`."""

from grid_assets.cli.main import app

app()
