"""Readers beside a writer: while indices are made, swapped and removed, every search is answered by a whole one.

Each index holds one generation of the same documents. A reader must never meet an error, never find fewer documents,
never two generations in one page, and never an older generation than it has seen.
"""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from grid_assets.domain.search.request import SearchRequest
from resources.clients.search.base import SearchEngine
from tests.contract.search.backends import Backend
from tests.contract.search.things import THINGS, Thing, documents, withdrawn

KIND = THINGS.name
DOCUMENTS_EACH = 60
READERS = 2
NOON = datetime(2016, 3, 27, 12, tzinfo=UTC)


def _generation(number: int) -> dict[str, Thing]:
    return {f"t{n}": Thing(date(2016, 3, 27), number, float(number)) for n in range(DOCUMENTS_EACH)}


def _new_index(engine: SearchEngine, number: int) -> None:
    name = engine.create(KIND, NOON)
    engine.load(KIND, name, documents(_generation(number)).to_batches())
    engine.finish(KIND, name)
    engine.promote(KIND, name)
    engine.prune(KIND, 0)


def _change(engine: SearchEngine, number: int) -> None:
    live = engine.live(KIND)
    assert live is not None
    engine.apply(KIND, live, documents(_generation(number)), withdrawn({}))


def read_until(engine: SearchEngine, done: Callable[[], bool]) -> int:
    """Search until told to end; assert that each page is whole and none older than the one before; return how many."""
    newest, pages = 0.0, 0
    while not done():
        page = engine.search(SearchRequest(KIND, size=100))
        generations = {hit.fields["size"] for hit in page.hits}
        assert page.total == DOCUMENTS_EACH, f"{page.total} documents are found, {DOCUMENTS_EACH} were always there"
        assert len(generations) == 1, f"one page shows {generations}"
        assert min(generations) >= newest, f"a page of {min(generations)} came after one of {newest}"
        newest, pages = min(generations), pages + 1
    return pages


def hold_readers(backend: Backend, folder: Path, rounds: int) -> None:
    """Let readers search while a writer replaces the live index, or changes it, some times."""
    writer = backend.make(folder, (THINGS,))
    _new_index(writer, 1)
    done, errors = threading.Event(), list[BaseException]()

    def read() -> None:
        try:
            assert read_until(backend.make(folder, (THINGS,)), done.is_set) > 0
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        for number in range(2, rounds + 2):
            (_new_index if number % 2 else _change)(writer, number)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        writer.close()
    assert not errors, errors[0]
