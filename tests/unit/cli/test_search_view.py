"""What `grid search` shows of a page."""

import json

import pytest

from grid_assets.cli.search_view import show_hits
from grid_assets.domain.search.request import Hit, SearchPage

FIELDS = {"event_type": "outage", "severity": "critical", "started_at_utc": "2016-03-27T01:00:00Z", "message": "[bold]"}
PAGE = SearchPage((Hit("e1", FIELDS, 2.5, 0.5),), 7, {"severity": (("critical", 7),)}, "cursor", "events-1")


def test_show_hits__as_json_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    show_hits("events", PAGE, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert (shown["total"], shown["next"], shown["index"]) == (7, "cursor", "events-1")
    assert shown["facets"] == {"severity": [{"value": "critical", "count": 7}]}
    assert shown["hits"][0]["started_at_utc"] == "2016-03-27T01:00:00Z"
    assert shown["hits"][0]["sensor_id"] is None
    assert (shown["hits"][0]["score"], shown["hits"][0]["distance_km"]) == (2.5, 0.5)


def test_show_hits__for_people_has_what_tells_most(capsys: pytest.CaptureFixture[str]) -> None:
    show_hits("events", PAGE, as_json=False)
    shown = capsys.readouterr().out
    for part in ("1 of 7 events", "outage", "[bold]", "0.5", "By severity", "--after cursor"):
        assert part in shown
    assert "place" not in shown


def test_show_hits__nothing_found_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_hits("sensors", SearchPage((), 0, {}, None, "sensors-1"), as_json=False)
    assert "No sensors fit" in capsys.readouterr().out
