"""The folder of a kind's indices: pointer, locks, and what a dead process leaves."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grid_assets.domain.errors import SearchBusyError, SearchError
from resources.clients.search import versions as module
from resources.clients.search.versions import ABOUT, About, Versions

NOON = datetime(2016, 3, 27, 12, tzinfo=UTC)


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path, "things")


def _add(versions: Versions, name: str, made_at: datetime = NOON) -> None:
    versions.path(name).mkdir(parents=True)
    versions.add(name, About(made_at.isoformat(), "shape", "schema"))


def test_versions__of_an_empty_folder(versions: Versions) -> None:
    assert versions.names() == ()
    assert versions.live() is None


def test_names__are_in_the_order_of_making(versions: Versions) -> None:
    _add(versions, "a", NOON + timedelta(seconds=1))
    _add(versions, "b", NOON)
    assert versions.names() == ("b", "a")


def test_after_all__is_later_than_every_index(versions: Versions) -> None:
    assert versions.after_all(NOON) == NOON
    _add(versions, "a", NOON + timedelta(seconds=1))
    assert versions.after_all(NOON) == NOON + timedelta(seconds=1, milliseconds=1)


def test_point_to__replaces_the_pointer_and_leaves_nothing_beside_it(versions: Versions) -> None:
    versions.folder.mkdir()
    versions.point_to(("a",))
    versions.point_to(("a", "b"))
    assert (versions.live(), versions.good()) == ("b", ("a", "b"))
    assert [path.name for path in versions.folder.iterdir()] == ["live"]


def test_about__of_an_unknown_index_names_those_there_are(versions: Versions) -> None:
    _add(versions, "a")
    with pytest.raises(SearchError, match=r"no index 'b' of the kind things.*one of: a"):
        versions.about("b")


def test_about__that_cannot_be_read_says_what_to_do(versions: Versions) -> None:
    _add(versions, "a")
    (versions.path("a") / ABOUT).write_text('{"made_at')
    with pytest.raises(SearchError, match="grid reindex"):
        versions.about("a")


def test_finish__is_noted(versions: Versions) -> None:
    _add(versions, "a")
    versions.finish("a")
    assert versions.about("a").is_finished
    assert json.loads((versions.path("a") / ABOUT).read_text())["schema"] == "schema"


def test_remove_leftovers__takes_half_made_and_half_removed_folders(versions: Versions) -> None:
    _add(versions, "a")
    versions.path("half").mkdir()
    (versions.path("half") / "some.term").touch()
    (versions.folder / "live.new").touch()
    versions.remove_leftovers()
    assert [path.name for path in versions.folder.iterdir()] == ["a"]


def test_locked__makes_others_wait_and_then_give_up(versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_SECONDS", 0.05)
    _add(versions, "a")
    with (
        versions.locked("a"),
        versions.locked(),
        pytest.raises(SearchBusyError, match="things/a"),
        versions.locked("a"),
    ):
        pass
    with versions.locked("a"):
        pass


def test_locked__refuses_an_index_that_is_not_there(versions: Versions) -> None:
    with pytest.raises(SearchError, match="no index 'a'"), versions.locked("a"):
        pass
