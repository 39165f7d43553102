"""What every started process needs, imported once by the server that they are forked from."""

import os

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import grid_assets.cli.main
import grid_assets.pipeline.run
import grid_assets.pipeline.status  # noqa: F401
import resources.wiring  # noqa: F401
