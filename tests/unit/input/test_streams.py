"""Slices of time by which feeds are cut."""

from datetime import date

from tests.input.constants import FIRST_DAY, LAST_DAY
from tests.input.streams import monthly, weekly
from tests.input.timeaxis import Window, midnight_us


def test_weekly__cuts_at_local_monday_midnight() -> None:
    slices = weekly(Window(FIRST_DAY, LAST_DAY))
    assert slices.labels[0] == "2016-w07"
    assert slices.labels[-1] == "2016-w15"
    assert slices.edges[slices.labels.index("2016-w13")] == midnight_us(date(2016, 3, 28))


def test_slices__hold_every_instant_once() -> None:
    window = Window(date(2016, 1, 30), date(2016, 3, 2))
    slot = monthly(window).of(window.starts(60))
    assert monthly(window).labels == ("2016-01", "2016-02", "2016-03")
    assert [int((slot == i).sum()) for i in range(3)] == [48, 29 * 24, 48]
