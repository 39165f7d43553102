"""Texts of reasons, as the engine makes them."""

import duckdb
import pytest

from grid_assets.domain.vee.text import Sql, column, minutes, number, sentence


def _text(sql: str) -> object:
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {sql}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1.5", "1.500"),
        ("-2.0006", "-2.001"),
        ("CAST(NULL AS DOUBLE)", "none"),
        ("1e300", "a huge number"),
        ("0.0", "0.000"),
    ],
)
def test_number__has_fixed_decimals(expression: str, expected: str) -> None:
    assert _text(number(expression)) == expected


def test_minutes__says_none_for_null() -> None:
    assert _text(minutes("360")) == "360 min"
    assert _text(minutes("CAST(NULL AS INTEGER)")) == "none"


def test_sentence__joins_words_and_sql() -> None:
    assert _text(sentence("it's ", number("2.0"), " ", Sql("'kWh'"))) == "it's 2.000 kWh"
    assert _text(sentence("only words")) == "only words"


def test_column__is_never_null() -> None:
    assert _text(sentence("sent in ", column("CAST(NULL AS VARCHAR)"))) == "sent in none"
