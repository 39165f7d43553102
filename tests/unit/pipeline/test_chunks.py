"""Chunks: every day once, in order, as few cuts as the size allows."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from grid_assets.pipeline.chunks import chunks
from tests.properties import examples

FIRST = date(2016, 3, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(40)]


@examples(100)
@given(
    rows=st.dictionaries(st.sampled_from(DAYS), st.integers(0, 50)),
    days=st.lists(st.sampled_from(DAYS), unique=True),
    most=st.integers(1, 60),
)
def test_chunks__hold_every_day_once_in_order_and_are_cut_only_where_they_must(
    rows: dict[date, int], days: list[date], most: int
) -> None:
    cut = chunks(days, rows, most)
    assert [day for chunk in cut for day in chunk] == sorted(days)
    sizes = [sum(rows.get(day, 0) for day in chunk) for chunk in cut]
    assert all(size <= most or len(chunk) == 1 for size, chunk in zip(sizes, cut, strict=True))
    for size, following in zip(sizes, cut[1:], strict=False):
        assert size + rows.get(following[0], 0) > most


def test_chunks__of_no_day_are_none() -> None:
    assert chunks([], {}, 10) == ()
