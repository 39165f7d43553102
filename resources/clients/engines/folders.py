"""What every writer of data files shares: a new folder, failures told as the project's own, no forbidden null."""

from pathlib import Path

from grid_assets.domain.errors import LakeError, SchemaError
from resources.clients.engines.base import WrittenFile
from resources.clients.engines.layout import Layout


def new_folder(folder: Path, layout: Layout) -> None:
    """Make the folder of one write.

    Raises:
        LakeError: If it exists already or cannot be made.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise LakeError(f"the folder {folder} exists already", "a new folder per batch and write") from error
    except OSError as error:
        raise refused(layout, folder, error) from error


def refused(layout: Layout, folder: Path, error: Exception | str) -> LakeError:
    """Return the error of a disk that is full or may not be written to."""
    return LakeError(
        f"writing {layout.identifier} under {folder} failed: {error}",
        "a disk with room that may be written to",
        "make room or mend the permissions, then run the same command again",
    )


def assert_not_null(layout: Layout, files: tuple[WrittenFile, ...]) -> None:
    """Make sure that no column that may not be null is null in written files.

    Raises:
        SchemaError: If one is; nothing may be committed then.
    """
    required = [column.name for column in layout.columns if not column.is_nullable]
    for file in files:
        for name in required:
            if name in file.columns and file.columns[name].nulls:
                raise SchemaError(
                    f"{file.columns[name].nulls} null values of {layout.identifier}.{name} in {file.path}",
                    "no null in this column",
                    "this is a defect of the stage that made the rows; nothing was committed",
                )
