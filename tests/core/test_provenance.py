"""Outputs are whole or absent, and say where they came from."""

import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sro.core import files, provenance
from sro.core.errors import SROError
from sro.core.files import (
    DEAD_AFTER,
    UnwritableCache,
    atomic_file,
    atomic_folder,
    atomic_write_bytes,
    atomic_write_text,
    cache_root,
    cached_folder,
    file_sha256,
)
from sro.core.provenance import is_secret, manifest, version, write_manifest


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_makes_parents_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    atomic_write_text(path, "first")
    atomic_write_text(path, "zweite Fassung: ü\n")
    assert path.read_bytes() == "zweite Fassung: ü\n".encode()
    atomic_write_bytes(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert names(path.parent) == ["a.txt"]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    atomic_write_text(path, "before")

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        atomic_write_text(path, "after")
    assert path.read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are those of POSIX")
def test_files_and_folders_are_as_readable_as_any_other(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        atomic_write_text(tmp_path / "a", "")
        with atomic_folder(tmp_path / "b"):
            pass
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o755


def test_a_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real" / "out")
    for text in ("before", "after"):  # at first the link leads nowhere
        atomic_write_text(tmp_path / "out", text)
        assert (tmp_path / "out").is_symlink()
        assert (tmp_path / "real" / "out").read_text() == text
    assert names(tmp_path / "real") == ["out"]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are those of POSIX")
def test_a_private_file_stays_private_also_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch(0o600)
    with atomic_file(path) as file:
        file.write(b"after")
        assert {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {0o600}
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are those of POSIX")
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # else opening it for writing would wait
    try:
        atomic_write_text(pipe, "after")
        assert os.read(reader, 100) == b"after"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert names(tmp_path) == ["pipe"]


def test_a_folder_behind_a_link_is_made_where_the_link_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for replace in (False, True):
        with atomic_folder(tmp_path / "link", replace=replace) as partial:
            (partial / "a").touch()
        assert (tmp_path / "link").is_symlink()
        assert names(tmp_path / "real") == ["a"]
    assert names(tmp_path) == ["link", "real"]
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with atomic_folder(".") as partial:
        (partial / "b").touch()
    assert names(tmp_path / "here") == ["b"]


def test_a_mount_point_is_refused_before_the_work() -> None:
    with pytest.raises(SROError, match=r"/ is a mount point .*\n  fix: "), atomic_folder("/", replace=True):
        pytest.fail("the body ran")


def test_a_folder_is_made_where_paths_know_no_mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(path: Path) -> bool:
        raise NotImplementedError("Path.is_mount() is unsupported on this system")  # Windows before Python 3.12

    monkeypatch.setattr(Path, "is_mount", unsupported)
    with atomic_folder(tmp_path / "one") as partial:
        (partial / "a").touch()
    assert names(tmp_path / "one") == ["a"]


def test_folder_appears_when_it_is_done(tmp_path: Path) -> None:
    target = tmp_path / "runs" / "one"
    with atomic_folder(target) as partial:
        (partial / "weights").write_text("w")
        assert not target.exists()
        assert partial.parent == target.parent  # one file system, so that the rename is atomic
    assert (target / "weights").read_text() == "w"
    assert names(target.parent) == ["one"]


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "one") as partial:
        (partial / "half").touch()
        raise RuntimeError
    assert names(tmp_path) == []


def test_a_full_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with atomic_folder(tmp_path / "one") as partial:  # empty: fine
        (partial / "a").touch()
    with pytest.raises(SROError, match=r"one exists and is not empty; .* rm -r "), atomic_folder(tmp_path / "one"):
        pytest.fail("the body ran")
    with pytest.raises(SROError, match="is a file"), atomic_folder(tmp_path / "one" / "a", replace=True):
        pytest.fail("the body ran")


def test_a_folder_of_the_cache_is_made_once(tmp_path: Path) -> None:
    assert cached_folder(tmp_path / "one", "a", lambda fresh: (fresh / "a").touch()) == tmp_path / "one"
    assert cached_folder(tmp_path / "one", "a", lambda fresh: pytest.fail("made again")) == tmp_path / "one"
    assert names(tmp_path / "one") == ["a"]


def test_a_cache_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableCache, match=r"file.* cannot be made: .*\n  fix: set SRO_CACHE to a folder"):
        cached_folder(tmp_path / "file" / "one", "a", lambda fresh: pytest.fail("the work was done"))


def test_a_disk_that_fills_up_is_told_too(tmp_path: Path) -> None:
    def make(fresh: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(UnwritableCache, match=r"No space left on device\n  fix: "):
        cached_folder(tmp_path / "one", "a", make)
    assert names(tmp_path) == []


def test_what_killed_processes_left_in_the_cache_is_removed(tmp_path: Path) -> None:
    dead, young, other = (tmp_path / f".{name}.partial" for name in ("one.0badcafe", "one.12345678", "two.0badcafe"))
    for left in (dead, young, other):
        left.mkdir()
        (left / "half").touch()
    for left in (dead, other):
        os.utime(left, (0, left.stat().st_mtime - DEAD_AFTER - 60))
    cached_folder(tmp_path / "one", "a", lambda fresh: (fresh / "a").touch())
    assert names(tmp_path) == [young.name, other.name, "one"]


def test_without_a_home_the_cache_needs_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    for name in ("SRO_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SROError, match=r"no home folder\n  fix: set SRO_CACHE"):
        cache_root()


def test_a_folder_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="not empty"), atomic_folder(tmp_path / "one") as partial:
        (partial / "mine").touch()
        (tmp_path / "one").mkdir()
        (tmp_path / "one" / "theirs").touch()
    assert names(tmp_path) == ["one"]
    assert names(tmp_path / "one") == ["theirs"]


def test_replace_takes_the_old_folder_away_only_when_the_new_one_is_done(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    (one / "old").touch()
    with pytest.raises(RuntimeError), atomic_folder(one, replace=True):
        raise RuntimeError
    assert names(one) == ["old"]
    with atomic_folder(one, replace=True) as partial:
        (partial / "new").touch()
    assert names(one) == ["new"]
    assert names(tmp_path) == ["one"]


def test_file_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
    assert file_sha256(tmp_path / "a") == known
    monkeypatch.setattr(files, "_HASH_BLOCK", 7)  # many blocks and a rest
    (tmp_path / "b").write_bytes(bytes(range(100)))
    assert file_sha256(tmp_path / "b") == hashlib.sha256(bytes(range(100))).hexdigest()


def test_is_secret() -> None:
    assert all(map(is_secret, ["hub_token", "--hub-token", "token", "api_key", "screener_api_key", "password"]))
    assert not any(map(is_secret, ["pad_token", "eos_token", "tokenizer", "max_tokens", "keys"]))


def test_manifest_says_what_is_needed_to_do_it_again(tmp_path: Path) -> None:
    command = ["sro", "train", "--hub_token", "s3cret", "--api-key=s3cret", "--beta", "0.2"]
    config = {"beta": 0.2, "hub_token": "s3cret"}
    path = write_manifest(tmp_path / "run", command, config, {"comments.txt": "ab" * 32}, seed=7)
    assert path == tmp_path / "run" / "manifest.json"
    assert "s3cret" not in path.read_text()
    said = json.loads(path.read_text())
    assert said["command"] == ["sro", "train", "--hub_token", "***", "--api-key=***", "--beta", "0.2"]
    assert (said["config"], said["data"], said["seed"]) == ({"beta": 0.2}, {"comments.txt": "ab" * 32}, 7)
    started = datetime.fromisoformat(said["started"])
    assert started.utcoffset() == timedelta(0)
    assert said["packages"]["numpy"] == version("numpy")
    assert said["python"] == ".".join(map(str, sys.version_info[:3]))


def test_version_of_what_is_not_installed() -> None:
    assert version("no-such-package-as-this") is None


def test_manifest_without_torch_does_not_load_it() -> None:
    code = "import sys; from sro.core.provenance import manifest; m = manifest([], {}, {}, None)\n"
    code += "assert 'torch' not in sys.modules and m['torch_threads'] is None"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_git_commit_only_of_the_checkout_that_holds_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    try:
        git("init")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    code = tmp_path / "code.py"
    code.write_text("1")
    monkeypatch.setattr(provenance, "__file__", str(code))
    assert manifest([], {}, {}, None)["git"] is None  # in a repository, but not part of it
    git("add", "code.py")
    git("commit", "-m", "one")
    said = manifest([], {}, {}, None)["git"]
    assert re.fullmatch("[0-9a-f]{40}", said["commit"])
    assert said["changed"] is False
    code.write_text("2")
    assert manifest([], {}, {}, None)["git"] == {"commit": said["commit"], "changed": True}


def test_no_git_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert manifest([], {}, {}, None)["git"] is None
