"""The packages within sro, in the order of the method: no import runs up, and no circle closes."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[1]
PACKAGES = ["apps", "evaluation", "training", "rewriting", "screeners", "leader", "comments", "core"]


def test_no_import_runs_up_and_no_circle_closes(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_package_is_under_the_contracts() -> None:
    """A package that is added, but not to the contracts, would be free to import anything."""
    layers, circles = read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    assert [name.strip() for line in layers["layers"] for name in line.split("|")] == [
        f"sro.{name}" for name in PACKAGES
    ]
    packages = {
        ".".join(init.parent.relative_to(ROOT / "src").parts) for init in (ROOT / "src" / "sro").rglob("__init__.py")
    }
    assert {name for name in packages if name.count(".") == 1} == {f"sro.{name}" for name in PACKAGES}
    assert set(circles["ancestors"]) == packages


def test_only_the_entry_points_lie_at_the_top() -> None:
    assert {path.name for path in (ROOT / "src" / "sro").glob("*.py")} == {"__init__.py", "__main__.py"}
