"""Plots of the experiments: lines over a rate with a dot for each seed, systems in the plane of style and content, and
bars of the readers' preferences."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sro.core.files import atomic_write_bytes
from sro.training.plots import BLUE, FAINT, GREY, INK, VERMILION, plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (BLUE, VERMILION)


class Line(NamedTuple):
    """A name, and the values of all seeds at each x."""

    name: str
    points: Sequence[tuple[float, Sequence[float]]]


class Place(NamedTuple):
    """A system in the plane of style and content; if it is our `own`, it is drawn with more weight."""

    name: str
    sta: float
    sim: float
    j: float
    own: bool = False


class Bar(NamedTuple):
    """How often a reader preferred a, found both the same, or preferred b."""

    reader: str
    a: int
    same: int
    b: int


def lines_over(
    xlabel: str, panels: Mapping[str, Sequence[Line]], levels: Mapping[str, float], path: str | Path
) -> None:
    """One panel for each title: a line through the means over seeds, a dot for each seed, the start as dashed line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(panels), 3.9), facecolor="white")
    for number, (title, lines) in enumerate(panels.items(), 1):
        ax = figure.add_subplot(1, len(panels), number)
        ax.axhline(levels[title], color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
        for line, colour in zip(lines, COLOURS):
            x = [at for at, _ in line.points]
            alone = "s" if len(x) == 1 else ""
            ax.plot(
                x, [np.mean(seeds) for _, seeds in line.points], color=colour, linewidth=2.2, marker=alone, zorder=3
            )
            for at, seeds in line.points:
                ax.scatter([at] * len(seeds), seeds, s=16, color=colour, alpha=0.55, linewidths=0, zorder=2)
        plain_axes(ax)
        ax.set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK)
        ax.set_xlabel(xlabel if number == 1 else "p", color=GREY, fontsize=10)
    from matplotlib.lines import Line2D

    names = list(dict.fromkeys(line.name for lines in panels.values() for line in lines))
    keys = [Line2D([], [], color=colour, linewidth=2.2) for colour in COLOURS[: len(names)]]
    keys.append(Line2D([], [], color=GREY, linewidth=1.2, linestyle=(0, (4, 3))))
    figure.legend(keys, [*names, "start"], loc="upper right", ncols=len(keys), frameon=False, fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 0.93))
    _write(figure, path)


def style_and_content(places: Sequence[Place], path: str | Path, title: str) -> None:
    """STA against SIM, numbered by J, with a list of names; contours show STA·SIM, which is J if every FL is 1.

    Systems with less than half the best J are only listed: copying would stretch the axes so far that the other
    systems overlap.
    """
    from matplotlib.figure import Figure

    ranked = sorted(places, key=lambda place: -place.j)
    near = [place for place in ranked if place.j >= ranked[0].j / 2]
    figure = Figure(figsize=(10.5, 6.2), facecolor="white")
    ax = figure.add_axes((0.07, 0.1, 0.58, 0.8))
    left, right = min(place.sim for place in near) - 0.02, max(place.sim for place in near) + 0.03
    low, high = max(0.0, min(place.sta for place in near) - 0.03), min(1.01, max(place.sta for place in near) + 0.04)
    grid_x, grid_y = np.meshgrid(np.linspace(left, right, 200), np.linspace(low, high, 200))
    levels = np.arange(0.05, 1.0, 0.05)
    contours = ax.contour(grid_x, grid_y, grid_x * grid_y, levels=levels, colors=FAINT, linewidths=1.2, zorder=1)
    ax.clabel(contours, fmt=lambda value: f"{value:.2f}", fontsize=9, colors=GREY)
    for number, place in enumerate(ranked, 1):
        colour = VERMILION if place.own else BLUE if place in near else GREY
        if place in near:
            ax.scatter([place.sim], [place.sta], s=34, color=colour, zorder=3)
            ax.annotate(str(number), (place.sim, place.sta), (5, 3), textcoords="offset points", color=colour)
        name = place.name if place in near else f"{place.name} (outside)"
        weight = "bold" if place.own else "normal"
        for x, word, side in ((0.705, f"{number}", "right"), (0.72, f"{place.j:.3f}", "left"), (0.78, name, "left")):
            figure.text(
                x, 0.88 - 0.04 * (number - 1), word, ha=side, fontsize=10.5, color=colour, fontweight=weight,
                parse_math=False,
            )  # fmt: skip
    figure.text(0.72, 0.925, "J", fontsize=10.5, color=GREY)
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    plain_axes(ax)
    ax.set_xlabel("SIM: cosine to the source", color=GREY)
    ax.set_ylabel("STA: share that the style judge passes", color=GREY)
    ax.set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK)
    _write(figure, path)


def preference_bars(bars: Sequence[Bar], a: str, b: str, path: str | Path) -> None:
    """One bar for each reader: numbers of pairs on which a is preferred, both are the same, or b is preferred."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 1.3 + 0.5 * len(bars)), facecolor="white")
    ax = figure.add_subplot()
    places = range(len(bars))
    before = np.zeros(len(bars))
    keys = []
    for counts, colour in (
        ([bar.a for bar in bars], VERMILION),
        ([bar.same for bar in bars], FAINT),
        ([bar.b for bar in bars], BLUE),
    ):
        keys.append(ax.barh(places, counts, left=before, height=0.62, color=colour))
        for place, count in enumerate(counts):
            if count:
                ink = INK if colour == FAINT else "white"
                ax.text(before[place] + count / 2, place, str(count), ha="center", va="center", color=ink, fontsize=10)
        before += counts
    ax.set_yticks(places, [bar.reader for bar in bars], parse_math=False)
    ax.invert_yaxis()
    plain_axes(ax)
    ax.grid(visible=False)
    ax.set_xlabel("pairs", color=GREY)
    legend = ax.legend(
        keys, [a, "the same", b], loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=10
    )
    for text in legend.get_texts():
        text.set_parse_math(False)  # names may hold dollars
    figure.tight_layout()
    _write(figure, path)


def _write(figure: Figure, path: str | Path) -> None:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=150)
    atomic_write_bytes(path, drawn.getvalue())
