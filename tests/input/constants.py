"""Fixed choices of the generator: the SimBench grid, the windows, the seed and the roundings.

What varies between builds belongs to ``build``; what a reader of ``docs/input.md`` must know stands here.
"""

from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

SEED: Final = 20160327
"""Every random choice derives from this number and the name of the step that makes it."""

SIMBENCH_CODE: Final = "1-MVLV-rural-2.108-0-sw"
"""One MV grid (MV1.101) with one LV grid (LV2.108) modelled below it; scenario 0 (today), with switches."""

PROFILE_UTC_OFFSET_HOURS: Final = 1
"""SimBench states no zone for its time axis; it has 96 quarters on every day, so it is read as fixed CET (UTC+1)."""

ZONE: Final = ZoneInfo("Europe/Berlin")
QUARTER_MINUTES: Final = 15
PROFILE_YEAR: Final = 2016

FIRST_DAY: Final = date(2016, 2, 15)
LAST_DAY: Final = date(2016, 4, 14)
"""The shipped window: 60 civil days, inclusive, that hold the change to summer time on 2016-03-27."""
AUTUMN_DAY: Final = date(2016, 10, 30)
"""The civil day of 25 hours, shipped for a small sample."""
SPRING_DAY: Final = date(2016, 3, 27)

LV_ENERGY_DECIMALS: Final = 4
MV_ENERGY_DECIMALS: Final = 2
"""Meters give 0.1 Wh in the LV grid and 10 Wh in the MV grid."""
REGISTER_DECIMALS: Final = 3
POWER_DECIMALS: Final = 3
VOLTAGE_DECIMALS: Final = 1

LV_TRANSFORMER_KVA: Final = 63.0
"""Size of the LV transformer in this model (SimBench: 250 kVA), so that it is overloaded now and then."""

ROOT: Final = Path(__file__).resolve().parents[2]
SHIPPED_DIR: Final = ROOT / "grid_assets" / "shipped_input"
TRUTH_DIR: Final = ROOT / "tests" / "truth"
