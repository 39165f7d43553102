"""The file whose writers share their commits: isolation, errors, interrupts, forks, readers."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grid_assets.domain.errors import DatabaseError, QueueFullError
from resources.clients.database.sqlite_file import SqliteFile


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    path = tmp_path / "a file.db"

    def prepare() -> None:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, who INTEGER)")
        connection.close()

    made = SqliteFile(path, "full", prepare)
    yield made
    made.close()


def adding(name: str, who: int = 0) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: connection.execute("INSERT INTO things VALUES (?, ?)", (name, who)).rowcount


def names(file: SqliteFile) -> set[str]:
    return {name for (name,) in file.read("SELECT name FROM things")}


def test_write__returns_the_works_result_and_keeps_it(file: SqliteFile) -> None:
    assert file.write(adding("one")) == 1
    file.close()
    assert names(file) == {"one"}


def test_write__of_many_threads_all_count_and_share_commits(file: SqliteFile) -> None:
    threads, each = 8, 50
    commits = []
    file.write(
        lambda connection: connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    )
    running = [
        threading.Thread(target=lambda who=who: [file.write(adding(f"{who}-{n}", who)) for n in range(each)])
        for who in range(threads)
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(names(file)) == threads * each
    assert len(commits) < threads * each / 2


def test_write__one_that_fails_takes_nothing_of_the_others_with_it(file: SqliteFile) -> None:
    file.write(adding("taken"))
    errors: list[type[Exception]] = []

    def work(who: int) -> None:
        def half(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO things VALUES (?, ?)", (f"half {who}", who))
            if who % 4 == 1:
                raise QueueFullError("no room")
            connection.execute("INSERT INTO things VALUES (?, ?)", ("taken" if who % 4 == 2 else f"whole {who}", who))

        try:
            file.write(half)
        except (QueueFullError, DatabaseError) as error:
            errors.append(type(error))

    _at_once(file, [lambda who=who: work(who) for who in range(12)])  # type: ignore[misc]
    good = {f"{word} {who}" for who in range(12) if who % 4 in {0, 3} for word in ("half", "whole")}
    assert names(file) == good | {"taken"}
    assert sorted(error.__name__ for error in errors) == ["DatabaseError"] * 3 + ["QueueFullError"] * 3


def test_write__interrupted_fails_the_group_and_leaves_the_file_usable(file: SqliteFile) -> None:
    failed: list[str] = []

    def interrupt(_: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    def write(work: Callable[[sqlite3.Connection], object]) -> None:
        try:
            file.write(work)
        except (KeyboardInterrupt, DatabaseError) as error:
            failed.append(type(error).__name__)

    _at_once(file, [lambda: write(adding("one")), lambda: write(interrupt), lambda: write(adding("two"))])
    assert sorted(failed) == ["DatabaseError", "DatabaseError", "KeyboardInterrupt"], "of one group, nothing was done"
    file.write(adding("after"))
    assert names(file) == {"after"}


def test_write__of_a_full_disk_is_our_error_and_leaves_the_file_usable(file: SqliteFile) -> None:
    file.write(lambda connection: connection.execute("PRAGMA max_page_count = 5"))
    with pytest.raises(DatabaseError, match="full"):
        file.write(adding("x" * 100_000))
    file.write(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))
    file.write(adding("small"))
    assert names(file) == {"small"}


def test_write__goes_on_in_a_forked_process(file: SqliteFile) -> None:
    file.write(adding("parent"))
    assert names(file) == {"parent"}
    child = os.fork()
    if child == 0:
        try:
            file.write(adding("child"))
            os._exit(0 if names(file) == {"parent", "child"} else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    file.write(adding("parent again"))
    assert names(file) == {"parent", "child", "parent again"}


def test_snapshot__sees_one_state_while_others_write(file: SqliteFile) -> None:
    with file.snapshot() as connection:
        assert connection.execute("SELECT COUNT(*) FROM things").fetchone() == (0,)
        file.write(adding("later"))
        assert connection.execute("SELECT COUNT(*) FROM things").fetchone() == (0,)
        assert names(file) == {"later"}


def test_read__cannot_write_and_raises_our_error(file: SqliteFile) -> None:
    with pytest.raises(DatabaseError, match="readonly"):
        file.read("INSERT INTO things VALUES ('a', 1)")
    with pytest.raises(DatabaseError, match="no such table"):
        file.read("SELECT * FROM nowhere")
    assert names(file) == set()


def test_read__of_many_threads_keeps_few_connections(file: SqliteFile) -> None:
    names(file)
    _at_once(file, [lambda: names(file) for _ in range(40)])
    open_files = [link for link in Path("/proc/self/fd").iterdir() if _target(link) == str(file.path)]
    assert len(open_files) <= 9


def test_close__while_another_reads(file: SqliteFile) -> None:
    with file.snapshot() as connection:
        file.close()
        assert connection.execute("SELECT COUNT(*) FROM things").fetchone() == (0,)
    assert names(file) == set()


def test_a_file_that_cannot_be_opened__is_our_error(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "nowhere" / "a.db", "full", lambda: None)
    with pytest.raises(DatabaseError, match="nowhere"):
        file.write(lambda _: None)
    with pytest.raises(DatabaseError, match="nowhere"):
        file.read("SELECT 1")


def _at_once(file: SqliteFile, calls: list[Callable[[], object]]) -> None:
    """Let calls meet: a slow write holds the turn until all of them wait."""
    entered = threading.Event()

    def slow(_: sqlite3.Connection) -> None:
        entered.set()
        time.sleep(0.1)

    running = [threading.Thread(target=lambda: file.write(slow)), *(threading.Thread(target=call) for call in calls)]
    running[0].start()
    assert entered.wait(5)
    for thread in running[1:]:
        thread.start()
    for thread in running:
        thread.join(30)
        assert not thread.is_alive()


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
