"""Atomic writing of files, hashes of files, the cache folder, and the data that ship with the package."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import math
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import IO

from sro.core.errors import SROError

_HASH_BLOCK = 1 << 20  # bytes read at a time


MODEL_FILES = (".safetensors", ".json", ".txt", ".model")
"""Suffixes of the files that define a model; its hash covers these files."""
EMBEDDED = "sro-embedded"
"""The package with larger parts: judges, the start of a game. It is in `packages/`, not on the package index."""
FIX_CACHE = "fix: set SRO_CACHE to a folder that can be written"
DEAD_AFTER = 3 * 3600
"""Seconds after the last new file in it at which an unfinished folder of the cache counts as left by a killed process;
the largest leaders are converted in less."""
INSTALL_EMBEDDED = "pip install ./packages/sro-embedded   (in a checkout of sro)"


def atomic_write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, replacing what is there in one step; missing parent folders are made."""
    atomic_write_bytes(path, text.encode("utf-8"))


def atomic_write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, replacing what is there in one step; missing parent folders are made."""
    with atomic_file(path) as file:
        file.write(data)


@contextmanager
def atomic_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open `path` for writing bytes. The new file replaces the old one only if the block ends without an error.

    If `path` is a link, the file that it points to is replaced. The new file has the permissions of the old one. A
    pipe or a device (`/dev/null`) is not replaced but written to.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        with open(path, "wb") as stream:
            yield stream
        return
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _sibling(path)
    file = open(partial, "xb")  # noqa: SIM115 - closed below; not tempfile: only the owner can read its files
    try:
        with suppress(OSError):  # no file yet, or a file system that knows no permissions
            shutil.copymode(path, partial)
        yield file
        file.flush()
        os.fsync(file.fileno())
        file.close()
        os.replace(partial, path)
    finally:
        with suppress(OSError):  # a full disk was reported already; closing would report it again
            file.close()
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path, *, replace: bool = False) -> Iterator[Path]:
    """Make the folder `path` in one step: yield an empty folder beside it, and rename it to `path` if no error occurs.

    Args:
        path: the folder to make; if it is a link, the folder that it points to. An empty folder may exist already.
        replace: whether a folder that is not empty may be replaced as a whole.

    Raises:
        SROError: `path` is not empty and `replace` is off, or `path` is a mount point, which cannot be replaced.
            Raised on entry, before the work is done.
    """
    path = Path(os.path.realpath(path))
    if os.path.ismount(path):  # `Path.is_mount` knows no Windows before Python 3.12
        raise SROError(f"{path} is a mount point and cannot be replaced in one step\n  fix: name a folder in it")
    _refuse_occupied(path, replace)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _sibling(path)
    partial.mkdir()
    try:
        yield partial
        _refuse_occupied(path, replace)  # another process may have been quicker
        if path.exists():
            old = path.rename(_sibling(path))
            partial.rename(path)
            shutil.rmtree(old)
        else:
            partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _sibling(path: Path) -> Path:
    """A fresh hidden name in the folder of `path`: a rename is atomic only within one file system."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def _refuse_occupied(path: Path, replace: bool) -> None:
    if path.exists() and not path.is_dir():
        raise SROError(f"{path} is a file where a folder is to be written; choose another name or remove it")
    if not replace and path.exists() and any(path.iterdir()):
        raise SROError(f"{path} exists and is not empty; choose another folder or remove it: rm -r {path}")


def file_sha256(path: str | Path) -> str:
    """The SHA-256 of a file's bytes as 64 hexadecimal digits; read block by block, so the file may have any size."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def folder_sha256(folder: str | Path, suffixes: Sequence[str] = MODEL_FILES) -> str:
    """The SHA-256 of a folder as 64 hexadecimal digits, over names and bytes of its files that end in one of
    `suffixes`. The default suffixes cover a model without its cards."""
    digest = hashlib.sha256()
    for file in sorted(file for file in Path(folder).rglob("*") if file.suffix in suffixes):
        digest.update(f"{file.relative_to(folder).as_posix()} {file_sha256(file)}\n".encode())
    return digest.hexdigest()


def asset(name: str) -> Path:
    """A file or folder of trained parts that ships with `sro`, or with `sro-embedded`, the package of larger parts.

    Raises:
        SROError: neither of the two packages has it on this machine.
    """
    places = [resources.files("sro") / "assets"]
    with suppress(ModuleNotFoundError):
        places.append(resources.files(EMBEDDED.replace("-", "_")))
    for place in places:
        path = Path(str(place)) / name
        if path.exists():
            return path
    raise SROError(f"the part {name!r} of {EMBEDDED} is not installed\n  fix: {INSTALL_EMBEDDED}")


def asset_sha256(name: str, suffixes: Sequence[str] = MODEL_FILES) -> str | None:
    """The SHA-256 of a shipped file, or of a folder's files that end in one of `suffixes`; None if `asset` finds
    nothing."""
    try:
        path = asset(name)
    except SROError:
        return None
    return folder_sha256(path, suffixes) if path.is_dir() else file_sha256(path)


class UnwritableCache(SROError):
    """A folder of the cache cannot be made."""


def cache_root() -> Path:
    """The folder for files that can be made again: `$SRO_CACHE`, else `$XDG_CACHE_HOME/sro`, else `~/.cache/sro`.

    Raises:
        UnwritableCache: none of the two variables is set, and the user has no home folder.
    """
    try:
        return Path(
            os.environ.get("SRO_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sro"
        )
    except RuntimeError as error:
        raise UnwritableCache(f"there is no place for the cache: no home folder\n  {FIX_CACHE}") from error


def cached_folder(folder: Path, file: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of the cache. If it does not hold `file`, `make` fills it first.

    The folder appears whole or not at all. If two processes make it at once, the first result stays. What processes
    that were killed have left of it is removed after some hours.

    Raises:
        UnwritableCache: the cache cannot be written. In most cases this shows before `make` is called.
    """
    if os.path.isfile(folder / file):  # `Path.is_file` raises if a folder above cannot be entered
        return folder
    try:
        with _explain_cache_errors(folder), atomic_folder(folder) as fresh:
            _remove_dead_siblings(folder)
            make(fresh)
    except SROError:
        if not os.path.isfile(folder / file):  # else another process has made the same
            raise
    return folder


def check_cache() -> None:
    """Raise UnwritableCache unless folders can be made in the cache."""
    root = cache_root()
    with _explain_cache_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(dir=root).cleanup()


@contextmanager
def _explain_cache_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (None, errno.ENOENT):  # a model that `make` reads is missing or damaged
            raise
        raise UnwritableCache(f"{folder}, a folder of the cache, cannot be made: {error}\n  {FIX_CACHE}") from error


def _remove_dead_siblings(path: Path) -> None:
    """Remove unfinished folders of this name that nobody can be working on any more."""
    for partial in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        with suppress(OSError):  # another process may be removing it
            if partial.stat().st_mtime < time.time() - DEAD_AFTER:
                shutil.rmtree(partial)


@contextmanager
def atomic_text_writer(path: Path) -> Iterator[Callable[[str], None]]:
    """Yield a function that writes text to `path` piece by piece, as UTF-8; the file is atomic as in `atomic_file`.

    Raises:
        SROError: `path` is a folder, or cannot be written (a full disk, no permission).
    """
    if path.is_dir():
        raise SROError(f"{path} is a folder; name a file in it")

    def write(text: str) -> None:
        with explain_write_errors(path):
            file.write(text.encode("utf-8"))

    with ExitStack() as stack:
        with explain_write_errors(path):
            file = stack.enter_context(atomic_file(path))
        yield write
        with explain_write_errors(path):
            stack.close()


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError from writing `path` into an SROError that says why."""
    try:
        yield
    except OSError as error:
        raise SROError(f"{path}: cannot be written: {error.strerror}") from error


def to_json_line(fields: Mapping[str, object]) -> str:
    """A JSON object on one line of UTF-8; dates and other values that JSON does not know become text, and NaN and
    infinity, which strict readers of JSON refuse, become null."""
    try:
        text = json.dumps(fields, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        fields = {name: _finite(value) for name, value in fields.items()}
        text = json.dumps(fields, ensure_ascii=False, default=str, allow_nan=False)
    # All is escaped if it holds half a character, which UTF-8 cannot write, or a sign that some readers end a line at.
    return text if text.isprintable() else json.dumps(fields, default=str)


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
