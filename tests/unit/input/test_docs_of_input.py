"""The page about the input names every fault and gives the counts of the truth."""

import re
from collections import Counter

from tests.input.constants import ROOT, SHIPPED_DIR
from tests.unit.input.shipped import files, truth

PAGE = (ROOT / "docs" / "input.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| ([\d,]+) \| ([\d,]+) \|", re.MULTILINE)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_page__gives_episodes_and_readings_of_every_kind() -> None:
    faults = truth("faults")
    episodes = Counter(faults["kind"].to_pylist())
    readings: Counter[str] = Counter()
    for kind, count in zip(faults["kind"].to_pylist(), faults["readings"].to_pylist(), strict=True):
        readings[kind] += count
    named = []
    for kinds, stated_episodes, stated_readings in ROW.findall(PAGE):
        group = re.findall(r"`(\w+)`", kinds)
        named += group
        assert (sum(episodes[kind] for kind in group), sum(readings[kind] for kind in group)) == (
            number(stated_episodes),
            number(stated_readings),
        ), kinds
    assert sorted(named) == sorted(episodes)


def test_page__counts_the_files() -> None:
    assert f"{len(files())} files of readings" in PAGE


def test_licence__stands_beside_the_data() -> None:
    licence = (SHIPPED_DIR / "LICENSE-DATA.md").read_text(encoding="utf-8")
    assert "opendatacommons.org/licenses/odbl/1.0" in licence
    assert "opendatacommons.org/licenses/dbcl/1.0" in licence
