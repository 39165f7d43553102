"""What the tests of Spark share: a JVM that starts quickly, and engines over homes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grid_assets.domain.errors import ConfigurationError
from resources.clients.engines.spark_engine import SparkEngine
from resources.clients.engines.spark_runtime import assert_java
from resources.settings import load_settings
from resources.wiring import make_spark

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def _quick_jvm() -> Iterator[None]:
    """Start the JVM of these tests with the options beside this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(HERE / "conf"))
        yield


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkEngine:
    """Spark over a lake without tables."""
    return make_spark(load_settings(home=tmp_path_factory.mktemp("spark"), threads=2))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pass over what pyspark does on every fetch: it leaves the socket of the rows to be closed by Python itself.

    Without a Java these tests cannot run; they are skipped with what is missing, which fails the run in CI.
    """
    mine = [item for item in items if HERE in item.path.parents]
    missing = _missing() if mine else ""
    for item in mine:
        if missing:
            item.add_marker(pytest.mark.skip(reason=missing))
        else:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


def _missing() -> str:
    try:
        assert_java()
    except ConfigurationError as error:
        return str(error)
    return ""
