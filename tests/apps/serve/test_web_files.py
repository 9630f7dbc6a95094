"""The page's reading of files, which is pure, in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from web_stand_in import WEB

NODE = shutil.which("node")
READ = """
import { opened } from "./files.js";
import { readFileSync } from "node:fs";
const file = opened("x.jsonl", readFileSync(0, "utf-8"));
console.log(JSON.stringify(file.rows(file.column, file.header)));
"""


def rows(text: str, folder: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON Lines, as the page has them."""
    if NODE is None:
        pytest.skip("no Node.js here (Debian: apt-get install nodejs)")
    shutil.copy(WEB / "files.js", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "read.js").write_text(READ)
    done = subprocess.run([NODE, "read.js"], cwd=folder, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_integers_that_a_script_cannot_hold_come_back_as_they_were(tmp_path: Path) -> None:
    large, text = "1234567890123456789", 'a "b" 1234567890123456789, \\ and 9'
    told = {"text": text, "price": 1.5, "small": -7, "safe": 9007199254740991, "far": 1.25e30}
    lines = [
        json.dumps({**told, "id": int(large), "inside": [{"id": -int(large)}]}),
        json.dumps({**told, "id": float("1e-5")}),
        '{"text": "never closed \\" 1234567890123456789',
        '{"text": "' + '\\"' * 200_000,  # in time that grows with its length
    ]
    first, second, *broken = rows("\n".join(lines) + "\n", tmp_path)
    assert first["others"] == {**told, "id": large, "inside": [{"id": f"-{large}"}]}
    assert first["text"] == text and second["others"] == {**told, "id": 1e-5}
    assert [row["error"] for row in broken] == ["This line is not JSON."] * 2
