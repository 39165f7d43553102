"""How every plot looks, and how a finished one becomes markdown. Figures are made without pyplot: no global state."""

import base64
import io
from collections.abc import Sequence
from datetime import tzinfo

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#2b6cb0", "#dd8a27", "#3c9a6a", "#c53d43", "#7c5cad", "#8a94a0"
INK, FAINT = "#2d3640", "#e3e7ec"
SIZE_INCHES = (7.4, 2.9)
DOTS_PER_INCH = 100

QUALITY_COLOURS = {"revised": GREEN, "edited": PURPLE, "estimated": ORANGE, "missing": RED}
SEVERITY_COLOURS = {"info": GREY, "warning": ORANGE, "critical": RED}
TYPE_COLOURS = {
    "energy": BLUE,
    "register": "#7fb0dc",
    "power": GREEN,
    "reactive_power": "#9bd0b4",
    "voltage": ORANGE,
    "current": PURPLE,
    "frequency": "#c9b6e4",
    "temperature": RED,
}
"""The same colour for the same kind of thing in every plot."""


def figure(title: str, unit: str, size: tuple[float, float] = SIZE_INCHES) -> tuple[Figure, Axes]:
    """Return an empty figure with one pair of axes: the title says what is seen, the unit stands beside it."""
    drawn = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
    axes = drawn.subplots()
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold", color=INK)
    axes.set_title(unit, loc="right", fontsize=8.5, color=GREY)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    return drawn, axes


def time_axis(axes: Axes, zone: tzinfo | None = None) -> None:
    """Let the axis below count time, with short labels, in the grid's zone where one is given."""
    locator = AutoDateLocator(minticks=4, maxticks=9, tz=zone)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))
    axes.margins(x=0.01)


def sideways(axes: Axes) -> None:
    """Let values run to the right: rows of bars with their names at the left."""
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.spines["bottom"].set_visible(False)
    axes.invert_yaxis()


def legend(axes: Axes, columns: int = 4) -> None:
    """Name the colours in one row under the plot, where they hide nothing; a plot without names gets none."""
    if not axes.get_legend_handles_labels()[0]:
        return
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=columns, frameon=False, fontsize=8.5, labelcolor=INK
    )


def label_bars(axes: Axes, ends: Sequence[float], texts: Sequence[str]) -> None:
    """Write a text behind the end of each row of bars."""
    widest = max((abs(end) for end in ends), default=1.0) or 1.0
    for row, (end, text) in enumerate(zip(ends, texts, strict=True)):
        axes.text(max(end, 0.0) + widest * 0.012, row, text, va="center", fontsize=8.5, color=INK)
    axes.margins(x=0.14)


def png(drawn: Figure) -> bytes:
    """Return a figure as a PNG image."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", facecolor="white")
    return buffer.getvalue()


def markdown_image(drawn: Figure, title: str) -> str:
    """Return a figure as markdown with the image inside, so that it needs no file beside it."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(png(drawn)).decode()})"
