"""Spark's complaints as the project's errors: a data file that is gone, a disk that is full, a JVM that ended."""

from collections.abc import Iterator
from contextlib import contextmanager

from grid_assets.domain.errors import CommitConflictError, GridError, LakeError, MissingDataFileError

_GONE = ("FileNotFoundException", "NotFoundException", "FAILED_READ_FILE.FILE_NOT_EXIST", "PATH_NOT_FOUND")
_CONFLICTS = ("iceberg.exceptions.ValidationException", "iceberg.exceptions.CommitFailedException")
_DISK = ("No space left", "Permission denied", "Read-only file system", "Mkdirs failed", "Disk quota")


@contextmanager
def told() -> Iterator[None]:
    """Raise Spark's errors as the project's own where they are about this machine; others pass as they are.

    Raises:
        MissingDataFileError: If a data file of a planned snapshot is gone.
        CommitConflictError: If another writer changed the same rows meanwhile.
        LakeError: If a disk is full or may not be written to, or the JVM ended.
    """
    from py4j.protocol import Py4JError, Py4JNetworkError  # noqa: PLC0415 - an extra, imported by those who chose it
    from pyspark.errors import PySparkException  # noqa: PLC0415 - as above

    try:
        yield
    except (Py4JNetworkError, ConnectionError) as error:
        raise LakeError(
            "the JVM of Spark ended in the middle of the work",
            "memory enough for it",
            "raise GRID_SPARK_MEMORY or lower GRID_CHUNK_READINGS, then run the same command again",
        ) from error
    except (Py4JError, PySparkException) as error:
        if (ours := _ours(str(error))) is not None:
            raise ours from error
        raise


def _ours(text: str) -> GridError | None:
    if line := _first(text, _CONFLICTS):
        return CommitConflictError(
            f"Spark's commit met another writer: {line}", "nobody else on the same rows meanwhile", "run it again"
        )
    if line := _first(text, _DISK):
        return LakeError(
            f"Spark could not write: {line}",
            "a disk with room that may be written to",
            "make room or mend the permissions, then run the same command again",
        )
    if line := _first(text, _GONE):
        return MissingDataFileError(
            f"a planned data file is gone: {line}", "the files of the planned snapshot", "read again"
        )
    return None


def _first(text: str, words: tuple[str, ...]) -> str:
    """Return the first line that holds one of some words, empty where none does."""
    return next((line.strip()[:500] for line in text.splitlines() if any(word in line for word in words)), "")
