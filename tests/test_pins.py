"""What the pins and ranges promise: every Python that sro supports can have them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
OLDEST = "3.10"
PINS = [
    Requirement(line) for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line[:1] not in "#"
]


@pytest.mark.parametrize("pin", [pin for pin in PINS if pin.marker is None], ids=str)
def test_a_pin_without_a_marker_is_for_the_oldest_python_too(pin: Requirement) -> None:
    try:
        needs = metadata(pin.name)
    except PackageNotFoundError:
        pytest.skip(f"{pin.name} is not installed")
    if not pin.specifier.contains(needs["Version"]):
        pytest.skip(f"another version of {pin.name} is installed")
    assert SpecifierSet(needs["Requires-Python"] or "").contains(f"{OLDEST}.99"), pin


def test_every_python_has_one_pin_of_a_package() -> None:
    for python in (OLDEST, "3.11", "3.13"):
        chosen = [pin.name for pin in PINS if pin.marker is None or pin.marker.evaluate({"python_version": python})]
        assert sorted(chosen) == sorted({pin.name for pin in PINS})


def test_the_oldest_peft_can_be_imported_with_transformers_5() -> None:
    """Until 0.17.1, PEFT imported `HybridCache`, which transformers 5 does not have."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    [peft] = [Requirement(line.strip(' ",')) for line in text.splitlines() if line.startswith('  "peft')]
    assert not peft.specifier.contains("0.17.1") and peft.specifier.contains("0.18.0")
