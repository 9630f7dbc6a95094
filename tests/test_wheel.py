"""A wheel works outside the checkout, and stays small."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from markdown_blocks import ROOT

pytestmark = pytest.mark.slow
LIMIT = 15_000_000


def run(*words: str | Path, cwd: Path) -> str:
    """What a command prints, outside of the checkout and without its PYTHONPATH."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([*map(str, words)], cwd=cwd, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def build(project: Path, into: Path) -> Path:
    """A wheel of a copy of the project, so that nothing an earlier build left can come into it."""
    pytest.importorskip("build", reason="needs build: pip install -e '.[dev]'")
    into.mkdir(exist_ok=True)
    copy = into / f"{project.name}-copy"
    ignored = shutil.ignore_patterns(".*", "runs", "site", "build", "dist", "tests", "__pycache__", "*.egg-info")
    shutil.copytree(project, copy, ignore=ignored)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into / "wheels", copy, cwd=into)
    [wheel] = (into / "wheels").glob("*.whl")
    return wheel


def test_the_wheel_is_small_and_rewrites_outside_the_checkout(tmp_path: Path) -> None:
    wheel, parts = build(ROOT, tmp_path / "sro"), build(ROOT / "packages" / "sro-embedded", tmp_path / "parts")
    assert wheel.stat().st_size < LIMIT

    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    install = ("-m", "pip", "--python", python, "install", "--no-deps", "--no-index")
    run(sys.executable, *install, wheel, parts, cwd=tmp_path)
    [packages] = (home / "lib").glob("python*/site-packages")
    # The libraries it needs are those of this environment; what is installed there in editable mode stays out, because
    # a .pth file is read in the environment's own folder only.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")

    assert Path(run(python, "-c", "import sro; print(sro.__file__)", cwd=tmp_path)).is_relative_to(home)
    assert run(home / "bin" / "sro", "--version", cwd=tmp_path).startswith("sro 0.")
    printed = run(
        home / "bin" / "sro", "rewrite", "Thank you.", "What a stupid idea, you moron.", cwd=tmp_path
    ).splitlines()
    assert printed[0].endswith("Thank you.  (unchanged)")
    assert printed[1].startswith("fail ") and printed[1].endswith("What a stupid idea, you moron.")
    assert printed[2].startswith("pass ") and "moron" not in printed[2]


def test_the_embedded_parts_are_a_wheel_of_data(tmp_path: Path) -> None:
    from zipfile import ZipFile

    names = ZipFile(build(ROOT / "packages" / "sro-embedded", tmp_path)).namelist()
    for part in ("encoder/model.onnx", "warmup/adapter_model.safetensors", "judge_style/ensemble.json"):
        assert f"sro_embedded/{part}" in names
    licences = {name.partition(".dist-info/")[2] for name in names if "/licenses/" in name}
    assert licences == {"licenses/LICENSE", "licenses/NOTICE"}


@pytest.mark.parametrize(("project", "package"), [(ROOT, "src/sro"), (ROOT / "packages/sro-embedded", "sro_embedded")])
def test_a_wheel_holds_nothing_that_an_earlier_build_left(project: Path, package: str, tmp_path: Path) -> None:
    from zipfile import ZipFile

    for path in project.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, tmp_path)
    name = Path(package).name
    (tmp_path / package).mkdir(parents=True)
    (tmp_path / package / "__init__.py").touch()
    (tmp_path / "build/lib" / name).mkdir(parents=True)
    (tmp_path / "build/lib" / name / "removed.py").touch()
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", tmp_path, cwd=tmp_path)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    packed = [name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert packed == [f"{name}/__init__.py"]
