"""The docs hold to the code: pages are current, links lead somewhere, and what they name exists."""

import re
from pathlib import Path

import pytest

from resources.settings import GridSettings
from tests.docs.commands import grid_commands, make_verbs
from tests.docs.pages import PAGES, REFERENCE
from tests.docs.settings import variable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES_OF_PEOPLE = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
PROGRAMS = [path for root in ("grid_assets", "jobs", "resources") for path in (ROOT / root).rglob("*.py")]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PROOFS = {"real", "accepted", "syntax", "documented", "not yet"}


def names(pages: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in pages]


def code_in(page: str) -> str:
    return "\n".join(CODE.findall((ROOT / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_generated_page__is_current(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs` and commit the page"


def test_settings__each_has_a_description_and_a_line() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    assert [n for n, field in GridSettings.model_fields.items() if not field.description] == []
    assert [n for n in GridSettings.model_fields if f"| `{variable(n)}` |" not in text] == []


def test_variables__named_in_programs_are_settings() -> None:
    known = {variable(name) for name in GridSettings.model_fields}
    named = {n for path in PROGRAMS for n in re.findall(r"\bGRID_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))}
    assert named - known == set()


def test_make_verbs__each_has_help() -> None:
    phony = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    targets = {target for line in phony for target in line.split() if not target.startswith(".")}
    assert targets
    assert targets == set(make_verbs())


def test_grid_commands__each_has_help_and_a_heading() -> None:
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    commands = grid_commands()
    assert commands
    assert [name for name, command in commands.items() if not command.help] == []
    assert [name for name in commands if f"### grid {name}\n" not in text] == []


@pytest.mark.parametrize("page", names(PAGES_OF_PEOPLE))
def test_page__names_commands_that_exist(page: str) -> None:
    code = code_in(page)
    verbs = set(re.findall(r"\bmake ([a-z][a-z-]*)", code))
    commands = set(re.findall(r"(?:^|[`/$ ])grid ([a-z][a-z-]*)", code, re.MULTILINE))
    assert verbs - set(make_verbs()) == set()
    assert commands - set(grid_commands()) == set()


@pytest.mark.parametrize("page", names(PAGES_OF_PEOPLE))
def test_page__links_lead_somewhere(page: str) -> None:
    here = ROOT / page
    targets = [target for target in LINK.findall(here.read_text(encoding="utf-8")) if "://" not in target]
    assert [target for target in targets if not (here.parent / target).exists()] == []


def test_index__leads_to_every_page() -> None:
    seen: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        links = LINK.findall(page.read_text(encoding="utf-8"))
        waiting += [(page.parent / link).resolve() for link in links if "://" not in link and link.endswith(".md")]
    assert set(DOCS.rglob("*.md")) - seen == set()


def test_requirements__each_row_says_how_it_is_proven() -> None:
    text = (DOCS / "requirements.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]\d+) \|.*\| ([^|]+?) \|([^|]*)\|$", text, re.MULTILINE)
    groups = {"C": 7, "S": 5, "L": 5, "P": 8, "D": 11}
    assert [row for row, _, _ in rows] == [f"{group}{n}" for group, last in groups.items() for n in range(1, last + 1)]
    assert [row for row, proof, _ in rows if proof not in PROOFS] == []
    assert [row for row, proof, evidence in rows if proof != "not yet" and "](" not in evidence] == []
