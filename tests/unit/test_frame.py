"""The frame that everything stands in: locks, dependencies, and tracked files that name no machine."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("grid_assets", "jobs", "resources")
LOCKS = sorted(path.name for path in (ROOT / "requirements").glob("*.lock"))
SHARED = ("base", "dev", "notebook", "spark", "bootstrap")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,-]+\])?==(\S+)", re.MULTILINE)


def lock_text(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, set[str]]:
    """The versions of each package in a lock; more than one only where platforms differ."""
    found: dict[str, set[str]] = {}
    for package, version in PINNED.findall(lock_text(f"{name}.lock")):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def tracked_files() -> list[Path]:
    """The files that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("name", LOCKS)
def test_lock__holds_no_address_and_no_path(name: str) -> None:
    forbidden = re.compile(r"://|file:|--(?:extra-)?index-url|--find-links|--trusted-host|@ |^\s*/|^-e", re.MULTILINE)
    assert forbidden.findall(lock_text(name)) == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock__pins_and_hashes_every_requirement(name: str) -> None:
    lines = [line for line in lock_text(name).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    entries: list[list[str]] = []
    for line in lines:
        if line.startswith(" "):
            entries[-1].append(line.strip())
        else:
            entries.append([line])
    assert entries
    assert [entry[0] for entry in entries if not PINNED.match(entry[0])] == []
    assert [entry[0] for entry in entries if not any(line.startswith("--hash=sha256:") for line in entry)] == []


@pytest.mark.parametrize(("one", "other"), list(combinations(SHARED, 2)))
def test_locks__of_one_environment_agree(one: str, other: str) -> None:
    first, second = pins(one), pins(other)
    assert {name for name in first.keys() & second.keys() if first[name] != second[name]} == set()


@pytest.mark.parametrize("name", ["base", "dev", "notebook", "spark"])
def test_lock__satisfies_pyproject(name: str) -> None:
    described = project()
    wanted = [*described["dependencies"], *described["optional-dependencies"].get(name, [])]
    locked = pins(name)
    unmet = []
    for requirement in map(Requirement, wanted):
        versions = locked.get(canonicalize_name(requirement.name), set())
        if not versions or not all(requirement.specifier.contains(version) for version in versions):
            unmet.append(f"{requirement} (locked: {versions})")
    assert unmet == []


@pytest.mark.parametrize("package", PACKAGES)
def test_imports__are_declared_dependencies(package: str) -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in project()["dependencies"]}
    providers = packages_distributions()
    known = {*sys.stdlib_module_names, *PACKAGES}
    undeclared = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / package).rglob("*.py")
        for name in imported_names(path) - known - extra_of(path)
        if not declared & {canonicalize_name(provider) for provider in providers.get(name, [])}
    }
    assert undeclared == set()


def extra_of(path: Path) -> set[str]:
    """Return what a module that is named after an extra may import: it is loaded only where the extra is installed."""
    comes_with = {"spark": {"pyspark", "py4j"}}
    return comes_with.get(path.stem.partition("_")[0], set())


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_package__init_is_a_docstring_only(package: str) -> None:
    longer = []
    for path in (ROOT / package).rglob("__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if ast.get_docstring(tree) is None or len(tree.body) != 1:
            longer.append(str(path.relative_to(ROOT)))
    assert longer == []


def test_tracked_files__name_no_path_of_a_machine() -> None:
    path_of_a_machine = re.compile(rb"(?<![\w.~-])/(?:work|root|home|Users|private|opt/wheels)/[\w.-]")
    naming = []
    for path in tracked_files():
        content = path.read_bytes()
        if path != Path(__file__) and b"\0" not in content[:8000] and path_of_a_machine.search(content):
            naming.append(str(path.relative_to(ROOT)))
    assert naming == []


def test_ci__runs_the_three_verbs_openly() -> None:
    script = ROOT / ".ci" / "run"
    lines = [line for line in script.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert script.stat().st_mode & 0o111
    assert lines[0] == "set -euo pipefail"
    assert lines[-3:] == ["make lint", "make test", "make test-deep"]
