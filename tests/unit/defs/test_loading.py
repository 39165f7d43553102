"""Loading the definitions: how long it takes is printed, and that no client library comes with it is held."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
HEAVY = ("duckdb", "great_expectations", "matplotlib", "pandas", "pyarrow", "pyiceberg", "sqlalchemy", "tantivy")
PROGRAM = f"""
import sys, time
started = time.perf_counter()
import dagster
imported = time.perf_counter()
from grid_assets.definitions import defs
defs.get_repository_def()
loaded = time.perf_counter()
print(f"import of dagster {{imported - started:.2f}} s, definitions {{loaded - imported:.2f}} s")
print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def test_definitions__load_without_the_clients_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    times, heavy = done.stdout.strip().splitlines()[-2:]
    with capsys.disabled():
        sys.stdout.write(f"\n{times}\n")
    assert heavy == "[]"


def test_workspace__agrees_with_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    (entry,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"] == {
        "module_name": project["code_location_target_module"],
        "location_name": project["code_location_name"],
    }
