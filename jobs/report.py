"""`python -m jobs.report`: tell the home's Dagster instance everything that was made so far outside of it.

After `grid run` the UI then shows materialised assets without anything having run in it. Telling twice tells nothing.
"""

import sys

from jobs.instance import open_instance
from jobs.reporting import report
from resources.settings import GridSettings, load_settings
from resources.wiring import open_platform


def main(settings: GridSettings | None = None) -> int:
    """Report and return how many events were recorded."""
    settings = settings or load_settings()
    with open_platform(settings) as platform, open_instance(settings) as instance:
        return report(instance, platform)


if __name__ == "__main__":
    sys.stdout.write(f"Dagster knows of {main()} new days and tables; `make ui` shows them\n")
