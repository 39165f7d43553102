"""Where the ORC writer's bytes go: a file whose errors wait until they can be told.

An error inside of the writer, such as a full disk, ends the process when the writer is taken down. So the sink takes
every byte, keeps the first error, and gives it to whoever asks between two writes.
"""

from pathlib import Path


class Sink:
    """A new file to write to; what the disk refuses is told by `check` and `finish` alone."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._error: OSError | None = None

    @property
    def closed(self) -> bool:
        """Return whether the file is closed."""
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Write bytes, all of them; after an error nothing is written any more."""
        left = memoryview(data)
        try:
            while self._error is None and left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._error = error
        return len(data)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def check(self) -> None:
        """Raise the first error that writing met.

        Raises:
            OSError: If there was one.
        """
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Close the file.

        Raises:
            OSError: If anything of it could not be written.
        """
        self.check()
        self._file.close()

    def close(self) -> None:
        """Close the file whatever became of it."""
        self._file.close()
