"""Dagster assets and their checks, one folder per stage; thin over grid_assets.pipeline."""
