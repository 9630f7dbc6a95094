"""Plot a training run on one page that makes failures visible.

A rising pass rate alone says little. The plot also shows what a leader may lose for it: meaning and length, both
log-probabilities (likelihood displacement: they fall together while the margin grows), the drift from the reference
and the share of completions that are not sentences.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sro.core.errors import SROError
from sro.core.files import atomic_write_bytes
from sro.core.step_logs import Step, bad_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind readers can tell apart. A colour has the same meaning in all panels: the
# leader's text is blue, the comment is vermilion.
BLUE, VERMILION, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#00805E", "#A8528A", "#666666"
INK, FAINT = "#222222", "#E4E4E4"
ROUND = [1, 2, 2.5, 5, 10]  # tick steps
LABEL_POINTS = 10.5  # font size of the labels at line ends
CELL = (6.0, 4.0)  # inches of a panel with its labels
LEFT, RIGHT = 0.7, 1.6  # part of these inches for the tick labels, and for the labels at line ends


@dataclass(frozen=True)
class Gauge:
    """One line: its key in the log history (`bad` is `bad_share`), its name in the plot and its colour."""

    key: str
    name: str
    colour: str
    digits: int = 2


@dataclass(frozen=True)
class Strip:
    """One pair of axes. `gap` names the area between its two lines; `from_start` marks each line's first value."""

    gauges: tuple[Gauge, ...]
    caption: str
    share: bool = False
    gap: str = ""
    from_start: bool = False


Panels = Mapping[str, Sequence[Strip]]
"""A title for each cell of the plot; a cell has one strip, or two with different units."""

GAME: Panels = {
    "Does it pass, and still say the same?": [
        Strip(
            (
                Gauge("pass_rate", "pass rate", GREEN),
                Gauge("similarity", "similarity", BLUE),
                Gauge("length_ratio", "length ratio", GREY),
                Gauge("copy_rate", "copy rate", VERMILION),
            ),
            "rates and means over the completions of each log line",
            share=True,
        )
    ],
    "Likelihood": [
        Strip(
            (Gauge("logps/paraphrase", "log π(y|x)", BLUE, 1), Gauge("logps/source", "log π(x|x)", VERMILION, 1)),
            "nats a text; both below their dotted start: likelihood displacement",
            from_start=True,
        )
    ],
    "Rewards where the completion passed": [
        Strip(
            (Gauge("rewards/chosen", "chosen", BLUE), Gauge("rewards/rejected", "rejected", VERMILION)),
            "β·Δ(y) chosen and β·Δ(x) rejected, in nats; between them the margin",
            gap="margin",
        )
    ],
    "Drift and damage": [
        Strip((Gauge("kl", "KL", PURPLE, 3),), "KL(π ‖ π_ref), nats a token"),
        Strip((Gauge("bad", "bad share", INK),), "empty, repeating or cut off, share of completions", share=True),
    ],
}
WARMUP: Panels = {"Loss": [Strip((Gauge("loss", "loss", BLUE, 3),), "−log π(target|source), nats a token")]}


def training_plot(history: Sequence[Step], path: str | Path, title: str = "SRO training") -> Path:
    """Draw a run and write it in one step, replacing what is at `path`.

    Args:
        history: `trainer.state.log_history`, or `log_history` of a checkpoint's `trainer_state.json`.
        path: the file to write; `.png` (1800 × 1200 pixels for a full run) or `.svg`.
        title: the title above the panels.

    Raises:
        SROError: another suffix, or a history without anything to draw.
    """
    path = Path(path)
    form = path.suffix.lower().lstrip(".")
    if form not in ("png", "svg"):
        raise SROError(f"{path}: a plot is written as .png or .svg\n  fix: {path.with_suffix('.png')}")
    drawn = io.BytesIO()
    stamp = {"Date": None} if form == "svg" else None  # the same plot gives the same file
    training_figure(history, title).savefig(drawn, format=form, dpi=150, metadata=stamp)
    atomic_write_bytes(path, drawn.getvalue())
    return path


def training_figure(history: Sequence[Step], title: str = "SRO training") -> Figure:
    """The figure, 12 × 8 inches with four panels. It is not registered with pyplot.

    Gauges that were never logged are left out, and panels without gauges too. A warm-up has no gauges, so its loss is
    drawn.

    Raises:
        SROError: nothing to draw.
    """
    from matplotlib.figure import Figure

    series = _all_series(history)
    panels = _drawable(GAME, series) or _drawable(WARMUP, series)
    if not panels:
        raise SROError(
            f"nothing to draw: none of the {len(history)} log entries has a gauge or a loss\n"
            "  fix: pass trainer.state.log_history of a run with --logging_steps below its number of steps"
        )
    rows, columns = -(-len(panels) // 2), min(2, len(panels))
    width, height = CELL[0] * columns, CELL[1] * rows
    figure = Figure(figsize=(width, height), facecolor="white")
    x, y = LEFT / width, 1 - 0.42 / height
    fitting = 0.9 * 72 * width / (0.7 * max(1, len(title)))  # points; a bold letter is about 0.7 em wide
    figure.text(x, y, title, fontsize=min(17, fitting), fontweight="bold", color=INK, parse_math=False)
    x, y = 1 - 0.15 / width, 0.14 / height
    figure.text(
        x, y, "dot: one log line · line: smoothed, its end value beside it", ha="right", fontsize=9, color=GREY
    )

    edges = {"left": LEFT / width, "right": 1 - RIGHT / width, "bottom": 0.75 / height, "top": 1 - 1.2 / height}
    grid = figure.add_gridspec(rows, columns, **edges, wspace=(LEFT + RIGHT) / (CELL[0] - LEFT - RIGHT), hspace=0.42)
    first, last = min(at[0] for at, _ in series.values()), max(at[-1] for at, _ in series.values())
    for number, (name, strips) in enumerate(panels.items()):
        cells = grid[number // columns, number % columns].subgridspec(len(strips), 1, hspace=0.5)
        axes = [figure.add_subplot(cells[row, 0]) for row in range(len(strips))]
        for ax, strip in zip(axes, strips):
            ax.set_xlim(*((first, last) if first < last else (first - 1, last + 1)))
            _draw_strip(ax, strip, series)
            ax.tick_params(labelbottom=ax is axes[-1])
        above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        axes[0].annotate(name, (0, 1), (0, 27), **above, fontsize=13, fontweight="bold", color=INK)
        if number + columns >= len(panels):
            axes[-1].set_xlabel("step", color=GREY, fontsize=10)
    return figure


Series = tuple[np.ndarray, np.ndarray]  # steps [n], values [n]
End = tuple[float, str, str, str]  # end of a line (in its units), its name, its value as text, its colour


def _all_series(history: Sequence[Step]) -> dict[str, Series]:
    """Steps and values of each gauge that was logged; values that are not finite are left out."""
    rows = [{**entry, "bad": bad_share(entry)} for entry in history if "step" in entry]
    found: dict[str, Series] = {}
    for gauge in (
        gauge for panels in (GAME, WARMUP) for strips in panels.values() for s in strips for gauge in s.gauges
    ):
        key = gauge.key
        points = [(row["step"], row[key]) for row in rows if row.get(key) is not None and math.isfinite(row[key])]
        if points:
            steps, values = np.array(points, dtype=float).T
            found[key] = (steps, values)
    return found


def _drawable(panels: Panels, series: Mapping[str, Series]) -> dict[str, list[Strip]]:
    """The panels without strips that have no series; panels without strips are left out."""
    kept = {name: [s for s in strips if any(g.key in series for g in s.gauges)] for name, strips in panels.items()}
    return {name: strips for name, strips in kept.items() if strips}


def _draw_strip(ax: Axes, strip: Strip, series: Mapping[str, Series]) -> None:
    """Dots, smoothed lines and a label at the end of each."""
    _bare(ax, strip.caption)
    drawn = [(gauge, *series[gauge.key]) for gauge in strip.gauges if gauge.key in series]
    ends: list[End] = []
    for gauge, steps, values in drawn:
        line, colour = smooth(values), gauge.colour
        alpha = 0.12 + 0.23 * min(1.0, (60 / len(values)) ** 0.5)  # many dots are drawn fainter
        ax.scatter(steps, values, s=12, color=colour, alpha=alpha, linewidths=0, zorder=2, clip_on=False)
        marker = "o" if len(line) == 1 else ""
        ax.plot(steps, line, color=colour, linewidth=2.2, marker=marker, solid_capstyle="round", zorder=3)
        value = _number(line[-1], gauge.digits)
        if strip.from_start:
            ax.axhline(line[0], color=colour, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
            value += f"  ({_number(line[-1] - line[0], gauge.digits, '+')})"
        ends.append((float(line[-1]), gauge.name, value, colour))
    if strip.gap and len(drawn) == 2 and np.array_equal(drawn[0][1], drawn[1][1]):
        upper, lower = (smooth(values) for _, _, values in drawn)
        ax.fill_between(drawn[0][1], lower, upper, color=GREY, alpha=0.1, linewidth=0, zorder=1)
        ends.append((float(upper[-1] + lower[-1]) / 2, strip.gap, _number(upper[-1] - lower[-1], 2), GREY))
    if strip.share:
        top = max(values.max() for _, _, values in drawn)
        ax.set_ylim(-0.02, 1.02 * max(1.0, top) if len(drawn) > 1 else max(0.1, 1.1 * top))
    low, high = ax.get_ylim()
    spare = 10.0 ** -min(gauge.digits for gauge, _, _ in drawn) - (high - low) / 2
    if spare > 0:  # do not zoom into rounding noise: the axis spans at least two units of a label's last digit
        ax.set_ylim(low - spare, high + spare)
    _label_ends(ax, ends)


def plain_axes(ax: Axes) -> None:
    """Only a light line below instead of a frame, light horizontal lines, grey labels."""
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color("#BBBBBB")
    ax.grid(axis="y", color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(length=0, labelcolor=GREY, labelsize=10)


def _bare(ax: Axes, caption: str) -> None:
    """Plain axes with a light grid, and the caption instead of a y label."""
    from matplotlib.ticker import MaxNLocator

    ax.set_title(caption, loc="left", fontsize=10, color=GREY, pad=8)
    plain_axes(ax)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=ROUND))
    ax.ticklabel_format(axis="y", style="plain", useOffset=False)
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=ROUND, integer=True))
    ax.margins(y=0.08)


def _label_ends(ax: Axes, ends: Sequence[End]) -> None:
    """Write name and value to the right of each line's end; labels are moved apart if lines end close together."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # the axes were made by it
    inches = ax.get_position().height * figure.get_figheight()
    low, high = ax.get_ylim()
    heights = [(height - low) / (high - low) for height, *_ in ends]
    apart = 2.6 * LABEL_POINTS / 72 / inches  # two lines of text, as a share of the axes
    above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": LABEL_POINTS}
    for at, place, (_, name, value, colour) in zip(heights, spread(heights, apart), ends):
        ax.plot([1.005, 1.03], [at, place], transform=ax.transAxes, color=colour, linewidth=0.9, clip_on=False)
        ax.annotate(name, (1.04, place), (0, 0.5), **above, va="bottom", color=colour, fontweight="bold")
        ax.annotate(value, (1.04, place), (0, -0.5), **above, va="top", color=colour)


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights in [0, 1] as little as possible (least squares) so that all are at least `gap` apart.

    After i·gap is subtracted from the i-th lowest height, "at least a gap apart" becomes "not falling". So this is an
    isotonic regression.
    """
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(order))
    fitted = isotonic_regression(np.asarray(heights, float)[order] - steps, y_min=0.0, y_max=max(0.0, 1.0 - steps[-1]))
    placed = np.empty(len(order))
    placed[order] = fitted + steps
    return placed.tolist()


def smooth(values: np.ndarray) -> np.ndarray:
    """[n] values, each the Gaussian mean of its neighbours (σ = n/20 places); fewer than 8 values stay unchanged."""
    n = len(values)
    if n < 8:
        return values
    sigma = max(1.0, n / 20)
    reach = min(math.ceil(3 * sigma), (n - 1) // 2)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(n), kernel, "same")


def _number(value: float, digits: int, sign: Literal["", "+"] = "") -> str:
    """The number as text, with a minus sign instead of a hyphen, and never −0."""
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}".replace("-", "−")
