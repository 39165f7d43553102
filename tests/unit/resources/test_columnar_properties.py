"""What holds for any frame and filter: a pruned read gives the rows that plain Python picks, however stored."""

import operator
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from resources.columnar import read_from_parquet, save_to_orc, save_to_parquet
from resources.settings import load_settings
from tests.properties import examples

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXTS = st.sampled_from(["", "a", "b", "ß", "z" * 70, "a\x00b", "'", "\U0001f50c"])
NUMBERS = st.sampled_from([0.0, -0.0, 1.5, -1e300, float("inf"), 0.1])
WHOLES = st.sampled_from([0, -1, 2**40, -(2**63), 2**63 - 1])
FLAGS = st.booleans()
INSTANTS = st.sampled_from([datetime(1969, 12, 31, 23, tzinfo=UTC), datetime(2016, 3, 27, 1, 0, 0, 1, tzinfo=UTC)])
VALUES = {"text": TEXTS, "number": NUMBERS, "whole": WHOLES, "flag": FLAGS, "instant": INSTANTS}
SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "number": pa.float64(),
        "whole": pa.int64(),
        "flag": pa.bool_(),
        "instant": pa.timestamp("us", tz="UTC"),
    }
)
ROWS = st.fixed_dictionaries(
    {name: st.one_of(st.none(), values) for name, values in VALUES.items() if name != "number"}
    | {"number": st.one_of(st.none(), st.just(float("nan")), NUMBERS)}
)
TERMS = st.one_of(
    *(st.tuples(st.just(name), st.sampled_from(list(COMPARISONS)), values) for name, values in VALUES.items()),
    *(st.tuples(st.just(n), st.sampled_from(["in", "not in"]), st.lists(v, max_size=3)) for n, v in VALUES.items()),
    *(st.tuples(st.just(name), st.just("is_null"), FLAGS) for name in VALUES),
)
PARTITIONS = st.sampled_from([None, "text", "whole", "flag", "instant", ("flag", "text")])
SAVES = st.sampled_from([save_to_parquet, save_to_orc])


def holds(term: tuple[str, str, Any], row: dict[str, Any]) -> bool:
    """Return what plain Python says of a row: null matches nothing but is_null."""
    name, word, value = term
    if word == "is_null":
        return (row[name] is None) is value
    if row[name] is None:
        return False
    if word in COMPARISONS:
        return COMPARISONS[word](row[name], value)
    return (row[name] in value) is (word == "in")


@examples(40)
@given(SAVES, st.lists(ROWS, max_size=12), PARTITIONS, st.lists(st.lists(TERMS, min_size=1, max_size=2), max_size=2))
def test_read__gives_the_rows_that_plain_python_picks(
    save: Callable[..., int],
    rows: list[dict[str, Any]],
    partition_by: str | tuple[str, ...] | None,
    filters: list[list[tuple[str, str, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        own = load_settings(home=Path(folder), threads=1)
        save(pa.Table.from_pylist(rows[:6], schema=SCHEMA), "d", partition_by, settings=own)
        save(pa.Table.from_pylist(rows[6:], schema=SCHEMA), "d", mode="append", settings=own)
        found = read_from_parquet("d", filters, as_="arrow", settings=own).to_pylist()
    expected = [row for row in rows if not filters or any(all(holds(t, row) for t in group) for group in filters)]
    assert sorted(map(_shown, found)) == sorted(map(_shown, expected))


def _shown(row: dict[str, Any]) -> str:
    return repr([row[name] for name in SCHEMA.names]).replace("zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc")
