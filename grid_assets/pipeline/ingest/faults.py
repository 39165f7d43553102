"""Telling an engine's complaint about a file's content from one about this machine or this program."""

import duckdb

CONTENT = (
    duckdb.InvalidInputException,
    duckdb.DataError,
    duckdb.SerializationException,
    duckdb.NotSupportedError,
)
MACHINE = ("no space left", "could not write", "failed to write", "too many open files")


def is_fault_of_file(error: duckdb.Error) -> bool:
    """Return whether a file's content made a query fail; not memory, a full disk, an interrupt or a wrong query.

    The Parquet decoder raises bare errors for damaged pages, so the class `Error` itself counts as well.
    """
    if isinstance(error, duckdb.IOException):
        return not any(words in str(error).lower() for words in MACHINE)
    return isinstance(error, CONTENT) or type(error) is duckdb.Error
