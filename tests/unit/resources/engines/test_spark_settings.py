"""What Spark is told before a JVM starts: catalogs by address, messages where something is missing, packages."""

import stat
import sys
import zipfile
from pathlib import Path

import pytest

from grid_assets.domain.errors import ConfigurationError
from grid_assets.pipeline.doctor import examine
from grid_assets.pipeline.run import run
from resources.clients.engines.spark_engine import SparkEngine
from resources.clients.engines.spark_runtime import SparkSettings, assert_java, jar_file, packages_option
from resources.clients.lake.catalog import path_of
from resources.clients.lake.spark_catalog import ICEBERG_RUNTIME, POSTGRESQL_DRIVER, SQLITE_DRIVER, spark_catalog
from resources.settings import load_settings
from resources.wiring import make_platform
from tests.support.landing import land_first

PREFIX = "spark.sql.catalog.grid"


def java_that_says(folder: Path, version: str) -> str:
    """Write a `java` that says its version, and return the folder that it is in."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(folder)


@pytest.mark.parametrize("location", ["file:///a b/c", "file:/a b/c", "/a b/c"])
def test_path_of__is_the_same_however_java_or_python_write_it(location: str) -> None:
    assert path_of(location) == "/a b/c"


def test_spark_catalog__of_a_sqlite_file_is_the_file_of_the_lake(tmp_path: Path) -> None:
    found = spark_catalog(f"sqlite:///{tmp_path / 'a b' / 'catalog.db'}", tmp_path / "lake")
    assert found.packages == (ICEBERG_RUNTIME, SQLITE_DRIVER)
    assert found.options[f"{PREFIX}.uri"] == f"jdbc:sqlite:{tmp_path / 'a b' / 'catalog.db'}"
    assert found.options[f"{PREFIX}.warehouse"] == f"file://{tmp_path / 'lake'}"
    assert found.options[f"{PREFIX}.jdbc.schema-version"] == "V1"


def test_spark_catalog__of_postgresql_has_its_driver_and_keeps_the_secret_out_of_sight(tmp_path: Path) -> None:
    found = spark_catalog("postgresql+psycopg://ann:s3cr%40t@db.local:5433/lake", tmp_path)
    assert found.packages == (ICEBERG_RUNTIME, POSTGRESQL_DRIVER)
    assert found.options[f"{PREFIX}.uri"] == "jdbc:postgresql://db.local:5433/lake"
    assert (found.options[f"{PREFIX}.jdbc.user"], found.options[f"{PREFIX}.jdbc.password"]) == ("ann", "s3cr@t")
    assert "s3cr" not in repr(found)
    assert "s3cr" not in repr(SparkEngine(tmp_path, found, SparkSettings()))


def test_spark_catalog__of_an_http_address_is_a_rest_catalog(tmp_path: Path) -> None:
    found = spark_catalog("https://catalog.local/api", tmp_path)
    assert found.packages == (ICEBERG_RUNTIME,)
    assert found.options[f"{PREFIX}.type"] == "rest"


@pytest.mark.parametrize("address", ["sqlite:////a/catalog.db", "postgresql://db/lake", "http://catalog.local"])
def test_spark_catalog__is_never_cached(address: str, tmp_path: Path) -> None:
    assert spark_catalog(address, tmp_path).options[f"{PREFIX}.cache-enabled"] == "false"


@pytest.mark.parametrize("address", ["mysql://db/lake", "sqlite://", "nonsense"])
def test_spark_catalog__of_another_address_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="GRID_CATALOG_URI"):
        spark_catalog(address, tmp_path)


def test_assert_java__takes_the_java_of_java_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", java_that_says(tmp_path, "17.0.15"))
    assert_java()


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_392"])
def test_assert_java__of_an_older_one_says_which_is_needed(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", java_that_says(tmp_path, version))
    with pytest.raises(ConfigurationError, match="Java 17 or newer") as found:
        assert_java()
    assert version in found.value.found


def test_assert_java__without_any_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="openjdk-17-jre-headless"):
        assert_java()


def test_session__without_pyspark_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    platform = make_platform(load_settings(home=tmp_path, engine="spark"))
    with pytest.raises(ConfigurationError, match=r"smart-grid-analytics\[spark\]"):
        platform.compute.session()


def test_examine__names_spark_and_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = make_platform(load_settings(home=tmp_path / "home", engine="spark", threads=2))
    monkeypatch.setenv("JAVA_HOME", java_that_says(tmp_path / "java", "21"))
    (found,) = (each for each in examine(platform) if each.part == "engine")
    assert (found.state, "Spark at local[2]" in found.found) == ("ok", True)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    (found,) = (each for each in examine(platform) if each.part == "engine")
    assert (found.state, "openjdk-17-jre-headless" in found.found) == ("bad", True)
    platform.close()


def test_verify__without_java_leaves_no_batch_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land_first(tmp_path / "landing")
    platform = make_platform(load_settings(home=tmp_path, engine="spark"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="Java 17"):
        run(platform)
    assert list(platform.database.batches.unsettled()) == []
    platform.close()


def test_packages_option__names_them_until_all_files_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    packages = ("org.a:b_2.13:1.0", "org.c:d:2.0")
    files = [jar_file(package) for package in packages]
    assert files[0].name == "org.a_b_2.13-1.0.jar"
    files[0].parent.mkdir(parents=True)
    for file in files:
        assert packages_option(packages) == {"spark.jars.packages": "org.a:b_2.13:1.0,org.c:d:2.0"}
        with zipfile.ZipFile(file, "w") as jar:
            jar.writestr("a", "b")
    assert packages_option(packages) == {"spark.jars": f"{files[0]},{files[1]}"}
    files[1].write_bytes(files[1].read_bytes()[:-10])
    assert "spark.jars.packages" in packages_option(packages)


def test_settings__are_this_machine_unless_a_master_is_named() -> None:
    assert SparkSettings(threads=2).address == "local[2]"
    assert SparkSettings().address == "local[*]"
    assert SparkSettings().is_local
    assert not SparkSettings("spark://cluster:7077").is_local
