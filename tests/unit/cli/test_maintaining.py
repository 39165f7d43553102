"""`grid maintain`: what it would do, what it did, as JSON and for people."""

from tests.support.homes import opened
from tests.support.small_files import with_small_files
from tests.unit.cli.conftest import Grid


def test_maintain__says_what_it_would_do_and_does_it(ran: Grid) -> None:
    with opened(ran.home) as platform:
        with_small_files(platform)
    would = ran("maintain", "--dry-run", "--json")
    assert would.exit_code == 0
    assert would.json["dry_run"] is True
    assert {c["left"] for c in would.json["compacted"]} == {"a dry run"}
    done = ran("maintain", "--json").json
    assert [c["files_before"] for c in done["compacted"]] == [c["files_before"] for c in would.json["compacted"]]
    assert {c["left"] for c in done["compacted"]} == {""}
    assert done["vacuumed"]["left"] == {}
    assert ran("maintain", "--json").json["compacted"] == []


def test_maintain__shows_tables_to_people(ran: Grid) -> None:
    answer = ran("maintain")
    assert answer.exit_code == 0
    assert "files without a name" in answer.out
