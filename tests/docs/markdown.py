"""Small pieces of Markdown that the generated pages share."""

from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `make docs`; change the code that it describes, not this page. -->"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars in cells are escaped, and a cell never breaks its line."""
    lines = [_line(header), _line(["---"] * len(header)), *(_line(row) for row in rows)]
    return "\n".join(lines)


def page(title: str, *parts: str) -> str:
    """Return a whole page: the title, the word that it is generated, and its parts."""
    return "\n\n".join([f"# {title}", WRITTEN, *parts]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
