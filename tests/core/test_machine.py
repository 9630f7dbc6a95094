"""What this process may use of its machine."""

from pathlib import Path

import pytest

from sro.core import machine


@pytest.mark.parametrize(
    ("quota", "most"), [("max 100000", 64), ("100000 100000", 1), ("150000 100000", 2), ("5000 100000", 1), (None, 64)]
)
def test_a_container_may_use_fewer_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str | None, most: int
) -> None:
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda process: set(range(64)), raising=False)
    if quota:
        (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert machine.processors(tmp_path) == most


def test_a_container_may_use_less_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 16 << 20}
    monkeypatch.setattr(machine.os, "sysconf", sizes.__getitem__, raising=False)
    assert machine.usable_memory(tmp_path) == 64 << 30
    for limit, bytes_ in (("max", 64 << 30), (str(3 << 30), 3 << 30), (str(1 << 40), 64 << 30)):
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        assert machine.usable_memory(tmp_path) == bytes_
