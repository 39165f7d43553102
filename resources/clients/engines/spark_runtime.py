"""The one JVM of a process: what must be there before it starts, how it is started, and the settings of its sessions.

Settings that a running session can take are given to it there, secrets among them: what stands on the command line of
a JVM can be read by everybody on the machine.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from grid_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17
JAVA_WAIT_SECONDS = 30
_STARTING = Lock()
_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
_SAME_ANSWERS = MappingProxyType(
    {
        "spark.sql.session.timeZone": "UTC",
        # What cannot be computed is an error, as in the other engine, and never a silent null.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.parquet.fieldId.write.enabled": "true",
        "spark.sql.parquet.fieldId.read.enabled": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Spark 4.1 fails on the checkpoint of some unions while it derives constraints; plans of one step need none.
        "spark.sql.constraintPropagation.enabled": "false",
    }
)


@dataclass(frozen=True)
class SparkSettings:
    """Where Spark runs and with how much: a master, the driver's memory, and threads.

    No master means this machine with so many threads, one per core where none are given. Anything else is said in
    Spark's own way, in `spark-defaults.conf` under SPARK_CONF_DIR.
    """

    master: str | None = None
    memory: str = "2g"
    threads: int | None = None

    @property
    def address(self) -> str:
        """Return the master's address."""
        return self.master or f"local[{self.threads or '*'}]"

    @property
    def is_local(self) -> bool:
        """Return whether everything runs inside of this process's JVM."""
        return self.address.startswith("local")


def shared_session(settings: SparkSettings, packages: tuple[str, ...], scratch: Path) -> "SparkSession":
    """Return the process's session, started on first use; one that is there already (spark-submit) is used as it is.

    Raises:
        ConfigurationError: If pyspark or Java is missing or too old, or the JVM or a package cannot be had.
    """
    with _STARTING:
        assert_pyspark()
        from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415 - an extra, imported by those who chose it
        from pyspark.sql import SparkSession  # noqa: PLC0415 - as above

        if (running := SparkSession.getActiveSession()) is not None:
            return running
        assert_java()
        builder = SparkSession.builder.master(settings.address).appName("smart-grid-analytics")
        for name, value in _launch_options(settings, packages, scratch).items():
            builder = builder.config(name, value)
        try:
            return builder.getOrCreate()
        except PySparkRuntimeError as error:
            raise ConfigurationError(
                f"the JVM of Spark did not start: {error}",
                f"room for {settings.memory} of memory, and the packages {', '.join(packages)} from Maven or its cache",
                "see the lines that Spark printed above",
            ) from error


def configure(session: "SparkSession", settings: SparkSettings, catalog: Mapping[str, str]) -> None:
    """Give a session what makes its answers those of the other engine, and the catalog's options."""
    for name, value in {**_SAME_ANSWERS, **catalog}.items():
        session.conf.set(name, value)
    if settings.is_local:
        # The default of 200 is for clusters; here each would be a task of no more than a few rows.
        cores = settings.threads or os.cpu_count() or 1
        session.conf.set("spark.sql.shuffle.partitions", str(cores))


def assert_java() -> None:
    """Make sure that a Java that Spark can use is there.

    Raises:
        ConfigurationError: If none is found, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    wanted = f"Java {OLDEST_JAVA} or newer for GRID_ENGINE=spark"
    action = "install a Java runtime (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME"
    try:
        said = subprocess.run(  # noqa: S603 - the Java that Spark itself would start
            [java or "java", "-version"], capture_output=True, text=True, check=True, timeout=JAVA_WAIT_SECONDS
        ).stderr
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"no Java that starts ({error})", wanted, action) from error
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise ConfigurationError(f"Java says {said.partition(chr(10))[0]!r}", wanted, action)


def assert_pyspark() -> None:
    """Make sure that pyspark is installed.

    Raises:
        ConfigurationError: If it is not.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise ConfigurationError(
            "the Python package pyspark is not installed",
            "it beside this project for GRID_ENGINE=spark",
            "install the extra: pip install 'smart-grid-analytics[spark]'",
        )


def _launch_options(settings: SparkSettings, packages: tuple[str, ...], scratch: Path) -> dict[str, str]:
    options = {
        "spark.driver.memory": settings.memory,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Errors come as exceptions with all their text; a log would say them twice, and those of abandoned tasks too.
        "spark.log.level": "FATAL",
        "spark.sql.extensions": _EXTENSIONS,
        **packages_option(packages),
    }
    if settings.is_local:
        # Nothing of a local Spark is to be reached from another machine.
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        options |= {"spark.local.dir": str(scratch.absolute()), "spark.sql.warehouse.dir": str(scratch / "spark")}
    return options


def packages_option(packages: tuple[str, ...]) -> dict[str, str]:
    """Return the option for packages: their files where all were fetched before, else their names.

    So a machine without a network starts all the same, a second sooner, and says nothing of it.
    """
    files = [jar_file(package) for package in packages]
    if all(zipfile.is_zipfile(file) for file in files):
        return {"spark.jars": ",".join(map(str, files))}
    return {"spark.jars.packages": ",".join(packages)}


def jar_file(package: str) -> Path:
    """Return where Spark's resolver keeps the file of a package once it was fetched."""
    return Path.home() / ".ivy2.5.2" / "jars" / f"{package.replace(':', '_', 1).replace(':', '-')}.jar"
