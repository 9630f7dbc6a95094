"""The picture of a run: all of it is there, nothing lies on anything else, and it is whole or absent."""

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread

from sro.core.errors import SROError
from sro.core.step_logs import bad_share
from sro.training.plots import BLUE, GREEN, smooth, spread, training_figure, training_plot


def fake_history(n: int = 40, every: int = 5, seed: int = 0) -> list[dict[str, float]]:
    """A run that learns, with a little likelihood displacement; as `SROTrainer` logs it."""
    draw = np.random.default_rng(seed)
    history = []
    for i in range(1, n + 1):
        t = i / n
        chosen, rejected = 0.2 * t + draw.normal(0, 0.02), -t + draw.normal(0, 0.05)
        history.append(
            {
                "step": i * every,
                "loss": 0.69 - 0.1 * t,
                "pass_rate": draw.binomial(80, 0.45 + 0.33 * t) / 80,
                "similarity": 0.82 - 0.06 * t + draw.normal(0, 0.01),
                "copy_rate": draw.binomial(80, 0.08 * (1 - t)) / 80,
                "length_ratio": 0.9 - 0.1 * t + draw.normal(0, 0.02),
                "empty_rate": 0.0,
                "repeat_rate": draw.binomial(80, 0.03) / 80,
                "completions/clipped_ratio": draw.binomial(80, 0.02) / 80,
                "logps/paraphrase": -21 - 4 * t + draw.normal(0, 1),
                "logps/source": -14 - 11 * t + draw.normal(0, 1),
                "rewards/chosen": chosen,
                "rewards/rejected": rejected,
                "rewards/margins": chosen - rejected,
                "kl": 0.02 + 0.08 * t + draw.normal(0, 0.01),
            }
        )
    return [*history, {"train_runtime": 600.0, "train_loss": 0.64, "step": n * every}]


def only(history: list[dict[str, float]], *keys: str) -> list[dict[str, float]]:
    return [{key: value for key, value in row.items() if key in (*keys, "step")} for row in history]


def texts(figure: Any) -> list[str]:
    found = [text.get_text() for ax in figure.axes for text in ax.texts]
    return found + [ax.get_title(loc="left") for ax in figure.axes]


def has_colour(image: np.ndarray, colour: str) -> int:
    """How many pixels are exactly of this colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.round(image[..., :3] * 255) == wanted).all(axis=-1).sum())


def test_png_is_a_full_picture(tmp_path: Path) -> None:
    path = training_plot(fake_history(), tmp_path / "new" / "run.png", "A run")
    image = imread(path)
    assert image.shape[:2] == (1200, 1800)
    assert has_colour(image, BLUE) > 1000 and has_colour(image, GREEN) > 500  # lines, not a frame of white
    quarters = [image[y : y + 600, x : x + 900] for y in (0, 600) for x in (0, 900)]
    assert all((quarter[..., :3].min(axis=-1) < 0.9).mean() > 0.01 for quarter in quarters)
    assert list(path.parent.iterdir()) == [path]


def test_svg_by_suffix_and_the_same_twice(tmp_path: Path) -> None:
    text = training_plot(fake_history(), tmp_path / "run.svg").read_text("utf-8")
    assert text.startswith("<?xml") and text.rstrip().endswith("</svg>")
    assert BLUE.lower() in text and "<dc:date>" not in text


def test_all_gauges_are_labelled_with_their_end_values() -> None:
    history = [{"step": i, "pass_rate": 0.75, "kl": 0.0321, "similarity": 0.5} for i in range(1, 21)]
    shown = texts(training_figure(history))
    assert {"pass rate", "0.75", "similarity", "0.50", "KL", "0.032"} <= set(shown)
    everything = texts(training_figure(fake_history()))
    names = {"pass rate", "similarity", "length ratio", "copy rate", "log π(y|x)", "log π(x|x)", "chosen", "rejected"}
    assert names | {"margin", "KL", "bad share"} <= set(everything)


def test_log_probabilities_show_their_change_since_the_start() -> None:
    history = [{"step": i, "logps/paraphrase": -20.0 if i <= 20 else -26.0} for i in range(1, 41)]
    assert "−26.0  (−6.0)" in texts(training_figure(history))


def test_the_margin_is_the_gap_at_the_end() -> None:
    history = [{"step": i, "rewards/chosen": 0.25, "rewards/rejected": -0.5} for i in range(1, 11)]
    shown = texts(training_figure(history))
    assert shown[shown.index("margin") + 1] == "0.75"


@pytest.mark.parametrize(
    ("keys", "axes"),
    [
        (("pass_rate",), 1),
        (("pass_rate", "kl"), 2),
        (("pass_rate", "kl", "empty_rate"), 3),  # two panels, one of two strips
        (("rewards/chosen",), 1),  # a run whose passes were all logged without the comment
        (("logps/source", "loss"), 1),  # the loss is drawn only where there is nothing better
        (("loss",), 1),
    ],
)
def test_panels_without_gauges_are_left_out(keys: tuple[str, ...], axes: int) -> None:
    figure = training_figure(only(fake_history(), *keys))
    assert len(figure.axes) == axes


def test_gauges_that_come_and_go_and_values_that_are_not_finite(tmp_path: Path) -> None:
    history = fake_history()
    for row in history[::3]:  # no pass in these, so no reward
        row.pop("rewards/chosen", None)
        row.pop("rewards/margins", None)
    history[4]["kl"] = float("nan")
    history[5]["kl"] = float("inf")
    figure = training_figure(history)
    kl = next(ax for ax in figure.axes if ax.get_title(loc="left").startswith("KL"))
    assert len(kl.lines[0].get_xdata()) == 38
    assert np.isfinite(kl.get_ylim()).all()


def test_one_log_line_is_a_picture_too(tmp_path: Path) -> None:
    image = imread(training_plot(fake_history(1), tmp_path / "one.png"))
    assert has_colour(image, BLUE) > 50


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("n", "scale"), [(1, 1), (40, 1), (40, 1e-4), (40, 12)])
def test_no_text_lies_on_another_or_leaves_the_picture(n: int, scale: float, seed: int) -> None:
    history = fake_history(n, seed=seed)
    for row in history:
        row.update({key: scale * row[key] for key in ("kl", "rewards/chosen", "logps/source") if key in row})
    figure = training_figure(history, "A title of a hundred letters " * 4)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    artists = [*figure.texts]
    for ax in figure.axes:
        artists += [*ax.texts, ax.xaxis.label, ax._left_title]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = axis.get_view_interval()
            artists += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    boxes = {
        f"{text.get_text()} {i}": text.get_window_extent(renderer)
        for i, text in enumerate(artists)
        if text.get_visible() and text.get_text()
    }
    assert len(boxes) > 30
    page = figure.bbox
    for name, box in boxes.items():
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, name
    overlapping = [
        (a, b)
        for (a, one), (b, other) in combinations(boxes.items(), 2)
        if min(one.x1, other.x1) - max(one.x0, other.x0) > 1 and min(one.y1, other.y1) - max(one.y0, other.y0) > 1
    ]
    assert overlapping == []


def test_rounding_noise_is_not_blown_up() -> None:
    figure = training_figure([{"step": i, "kl": 1e-9 * (-1) ** i} for i in range(1, 20)])
    low, high = figure.axes[0].get_ylim()
    assert high - low == pytest.approx(0.002)
    FigureCanvasAgg(figure).draw()
    assert figure.axes[0].yaxis.get_offset_text().get_text() == ""


def test_dollars_in_a_title_are_no_formula(tmp_path: Path) -> None:
    assert training_plot(fake_history(2), tmp_path / "a.png", r"costs $\frac$ a step").is_file()


def test_a_failed_write_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.png"
    path.write_bytes(b"the old one")

    def refuse(*names: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        training_plot(fake_history(), path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_name_the_mend(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"run\.png"):
        training_plot(fake_history(), tmp_path / "run.jpg")
    with pytest.raises(SROError, match="logging_steps"):
        training_plot([{"train_runtime": 1.0, "step": 3}], tmp_path / "run.png")
    assert list(tmp_path.iterdir()) == []


def test_neither_pyplot_nor_torch_is_needed() -> None:
    code = (
        "import sys; from sro.training.plots import training_figure; training_figure([{'step': 1, 'kl': .1}]);"
        "print(sorted({'torch', 'transformers', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_bad_share() -> None:
    rates = {"empty_rate": 0.1, "repeat_rate": 0.2, "completions/clipped_ratio": 0.3}
    assert bad_share(rates) == pytest.approx(0.6)
    assert bad_share({"repeat_rate": 0.7, "completions/clipped_ratio": 0.9}) == 1.0  # the same texts, counted twice
    assert bad_share({"loss": 1.0}) is None


def test_spread_moves_apart_what_is_close_and_nothing_else() -> None:
    assert spread([0.5], 0.1) == [0.5]
    assert spread([0.9, 0.1], 0.1) == [0.9, 0.1]
    assert spread([0.5, 0.5], 0.2) == pytest.approx([0.4, 0.6])  # both give way by half
    assert spread([0.52, 0.5, 0.48], 0.1) == pytest.approx([0.6, 0.5, 0.4])  # in their order
    assert spread([1.0, 1.0, 0.2], 0.1) == pytest.approx([0.9, 1.0, 0.2])  # none leaves the axes


def test_smooth_keeps_level_and_trend_and_calms_noise() -> None:
    assert smooth(np.full(50, 0.3)) == pytest.approx(np.full(50, 0.3))
    ramp = np.linspace(0, 1, 101)
    assert smooth(ramp)[20:-20] == pytest.approx(ramp[20:-20])
    noise = np.random.default_rng(0).normal(0, 1, 200)
    assert smooth(noise).std() < 0.35 * noise.std()
    few = np.array([1.0, 5.0, 2.0])
    assert (smooth(few) == few).all()
