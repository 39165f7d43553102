"""The error tree of the project; each error says what was found, what was expected and what to do.

    GridError
    ├── ConfigurationError        a setting is missing, wrong or contradicts what is stored
    ├── InputError                a landing file or a call's argument cannot be used
    │   └── UnreadableFileError   a whole file cannot be read; it is quarantined as one
    ├── SchemaError               data does not fit the table that it is meant for
    ├── DaysFailedError           (pipeline/apart.py) some days of a stage failed, each named; the others stand
    ├── GateError                 a quality gate failed; its batch is held back
    ├── LakeError                 the table lake refuses or lacks something
    │   ├── CommitConflictError   (retryable) another writer changed the same day
    │   └── MissingDataFileError  a planned data file is gone
    ├── DatabaseError             the operational database refuses or lacks something
    │   └── ClaimHeldError        (retryable) another live batch holds the claim
    ├── CacheError                (retryable) the cache cannot be reached or written
    ├── QueueFullError            (retryable) the write-behind queue holds as many writes as it may
    └── SearchError               the search index refuses or lacks something
        ├── SearchBusyError       (retryable) another process writes the index
        └── IndexGateError        a new index does not hold what the lake holds; it is not promoted

Retryable errors carry the mix-in `Retryable`; everything else is final until a person changes something.
"""


class GridError(Exception):
    """Base of every error that this project raises on purpose.

    Args:
        found: What was met, with its name or value.
        expected: What would have been right; empty where the first part says it all.
        action: What a person can do about it; empty where nothing can be done.
    """

    def __init__(self, found: str, expected: str = "", action: str = "") -> None:
        self.found = found
        self.expected = expected
        self.action = action
        parts = [found]
        if expected:
            parts.append(f"Expected: {expected}")
        if action:
            parts.append(f"What to do: {action}")
        super().__init__(". ".join(part.rstrip(".") for part in parts) + ".")


class Retryable:
    """Mix-in: the same call may succeed later without anybody changing anything."""


class ConfigurationError(GridError):
    """A setting is missing, wrong, or contradicts what is already stored."""


class InputError(GridError):
    """A landing file or an argument of a call cannot be used."""


class UnreadableFileError(InputError):
    """A whole file cannot be read; `reason` is the quarantine reason code."""

    def __init__(self, reason: str, found: str, expected: str = "", action: str = "") -> None:
        super().__init__(found, expected, action)
        self.reason = reason


class SchemaError(GridError):
    """Data does not fit the table that it is meant for."""


class GateError(GridError):
    """A quality gate failed and its batch is held back from the stages after it."""


class LakeError(GridError):
    """The table lake refuses or lacks something."""


class CommitConflictError(LakeError, Retryable):
    """Another writer changed the same day between plan and commit."""


class MissingDataFileError(LakeError):
    """A data file that a snapshot names does not exist."""


class DatabaseError(GridError):
    """The operational database refuses or lacks something."""


class ClaimHeldError(DatabaseError, Retryable):
    """Another live batch holds the claim that this one needs."""


class CacheError(GridError, Retryable):
    """The cache cannot be reached or written; what it holds can always be made again."""


class QueueFullError(GridError, Retryable):
    """The write-behind queue holds as many pending writes as it may; nothing of the call was stored."""


class SearchError(GridError):
    """The search index refuses or lacks something."""


class SearchBusyError(SearchError, Retryable):
    """Another process writes the index."""


class IndexGateError(SearchError):
    """A new index does not hold what the lake holds, so it is not promoted; the live one stays."""
