"""The published calls for cached values: any JSON value, refused keys and times, homes that come and go."""

import math
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.errors import InputError
from resources import redis_cluster
from resources.redis_cluster import cluster_delete, cluster_get, cluster_get_many, cluster_set, cluster_set_many
from tests.support.processes import call

CHARACTERS = st.characters(codec="utf-8")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(CHARACTERS)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(CHARACTERS, max_size=4), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.text(CHARACTERS, min_size=1, max_size=512).filter(lambda key: not key.startswith("grid:"))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cluster") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRID_HOME", str(folder))
        patch.setenv("GRID_DURABILITY", "normal")
        yield folder
        redis_cluster._CACHES.close()  # noqa: SLF001 - the home goes with its connections


@given(value=JSON, key=KEYS)
def test_cluster_get__returns_any_json_value(value: object, key: str) -> None:
    cluster_set(key, value)
    assert cluster_get(key, "default") == value
    assert cluster_get_many([key]) == {key: value}


def test_cluster_get__of_nothing_is_the_default() -> None:
    assert cluster_get("sensor:001") is None
    assert cluster_get("sensor:001", 5) == 5
    cluster_set("sensor:001", None)
    assert cluster_get("sensor:001", 5) is None


def test_cluster_set__lives_as_long_as_it_is_told_to() -> None:
    cluster_set("short", 1, ttl=0.2)
    cluster_set("long", 1, ttl=None)
    assert cluster_get_many(["short", "long"]) == {"short": 1, "long": 1}
    time.sleep(0.25)
    assert cluster_get_many(["short", "long"]) == {"long": 1}


def test_cluster_set_many__stores_all_or_nothing() -> None:
    cluster_set_many({f"k{n}": n for n in range(100)})
    assert cluster_get_many([f"k{n}" for n in range(100)]) == {f"k{n}": n for n in range(100)}
    with pytest.raises(InputError):
        cluster_set_many({"a": 1, "b": math.nan})
    assert cluster_get("a") is None


def test_cluster_delete__returns_how_many_there_were() -> None:
    cluster_set_many({"a": 1, "b": None})
    assert cluster_delete("a", "b", "c") == 2
    assert cluster_delete("a") == 0
    assert cluster_delete() == 0
    assert cluster_get_many(["a", "b"]) == {}


@pytest.mark.parametrize("ttl", [0, -1, math.nan, math.inf, "1", True])
def test_cluster_set__with_a_ttl_that_is_none_is_refused(ttl: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InputError, match="ttl"):
        cluster_set("a", 1, ttl=ttl)
    assert cluster_get("a") is None


@pytest.mark.parametrize("key", ["", "x" * 513, "grid:latest:M1", "\ud800", 5, None])
def test_cluster_set__of_a_key_that_cannot_be_written_is_refused(key: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InputError, match="cache key"):
        cluster_set(key, 1)
    with pytest.raises(InputError, match="cache key"):
        cluster_delete(key)


@pytest.mark.parametrize("key", ["", "x" * 513, "\ud800", 5])
def test_cluster_get__of_what_is_no_key_is_refused(key: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InputError, match="cache key"):
        cluster_get(key)


@pytest.mark.parametrize("value", [math.nan, {1, 2}, b"bytes", "\ud800", "x" * 1_000_001])
def test_cluster_set__of_what_is_no_json_value_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="value"):
        cluster_set("a", value)


def test_cluster_get__reads_keys_of_the_pipeline() -> None:
    assert cluster_get("grid:latest:M1.e") is None


def test_cluster_get__of_a_home_that_was_removed_and_made_again(home: Path) -> None:
    cluster_set("a", 1)
    shutil.rmtree(home)
    assert cluster_get("a") is None
    cluster_set("a", 2)
    assert cluster_get("a") == 2


def test_cluster_get__sees_what_another_process_set(home: Path) -> None:
    assert cluster_get("a") is None
    assert call(_set_elsewhere, str(home)) == 0
    assert cluster_get("a") == {"from": "elsewhere"}


def _set_elsewhere(home: str) -> None:
    os.environ["GRID_HOME"] = home
    cluster_set("a", {"from": "elsewhere"})
