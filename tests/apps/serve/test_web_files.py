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
const file = opened(process.argv[2], readFileSync(0, "utf-8"));
console.log(JSON.stringify(file.rows(file.column, file.header)));
"""


def rows(text: str, folder: Path, name: str = "x.jsonl") -> list[dict[str, Any]]:
    """The rows of a file, by default of JSON Lines, as the page has them."""
    found: list[dict[str, Any]] = json.loads(in_node(READ, folder, text, name))
    return found


def in_node(script: str, folder: Path, text: str = "", *arguments: str) -> str:
    """What a script beside the page's modules prints, with the text as its standard input."""
    if NODE is None:
        pytest.skip("no Node.js here (Debian: apt-get install nodejs)")
    for file in WEB.glob("*.js"):
        shutil.copy(file, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "read.js").write_text(script)
    command = [NODE, "read.js", *arguments]
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


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


@pytest.mark.parametrize("mark", [",", ";", "\t", "^", "|"])
@pytest.mark.parametrize("first", ["sep={}\r\n", '"sep={}"\n'])
def test_excels_own_line_tells_the_mark_and_is_no_header(mark: str, first: str, tmp_path: Path) -> None:
    [found] = rows(first.format(mark) + f"id{mark}comment\n1{mark}hi you\n", tmp_path, "x.csv")
    assert (found["text"], found["others"], found["line"]) == ("hi you", {"id": "1", "comment": "hi you"}, 3)


ROUNDS = """
import { asCSV } from "./download.js";
import { opened } from "./files.js";
let text = "id,comment\\n1,hi\\n";
for (const score of [0.1, 0.2, 0.3, 0.4]) {
  const file = opened("x.csv", text), found = file.rows(file.column, file.header);
  for (const row of found) row.result = { label: "pass", probability: score };
  text = asCSV(found, file.columns).join("").slice(1);
}
const file = opened("x.csv", text);
console.log(JSON.stringify([file.columns, file.rows(file.column, file.header)[0].others]));
"""


def test_every_round_over_a_file_keeps_the_columns_of_those_before(tmp_path: Path) -> None:
    columns, others = json.loads(in_node(ROUNDS, tmp_path))
    assert len(set(columns)) == len(columns)
    names = ["score_before", "sro_score_before", "sro2_score_before", "sro3_score_before"]
    assert [others[name] for name in names] == ["0.1", "0.2", "0.3", "0.4"]


DECISIONS = """
import { decide, outbox } from "./decisions.js";
const sent = [], answers = [];
globalThis.setTimeout = (done) => void queueMicrotask(done); // nobody waits
let now = 0;
globalThis.performance = { now: () => (now += 10_000) };
globalThis.fetch = (path, { body }) => new Promise((done) => {
  sent.push(JSON.parse(body));
  answers.push(() => done(new Response('{"stored": true}', { headers: { "Content-Type": "application/json" } })));
});
const some = async () => { for (let i = 0; i < 50; i++) await null; await new Promise((done) => setImmediate(done)); };
const out = outbox({ changed: () => {}, trouble: (told) => told && console.error(told) });
out.open(true);
const row = { text: "you idiot", result: { status: "rewritten", text: "you are wrong" } };
const decided = async (action) => (decide(row, action), out.put(row), await some());
await decided("refused");
await decided("accepted");
const whileOneIsUnderWay = sent.length;
answers.shift()(), await some(), answers.shift()(), await some();
await decided("refused");
answers.shift()(), await some();
row.result.text = "another wording";
await decided("accepted");
console.log(JSON.stringify([whileOneIsUnderWay, sent.map(({ action, id }) => [action, id])]));
"""


def test_a_decision_that_is_changed_has_the_id_of_the_first_and_comes_behind_it(tmp_path: Path) -> None:
    under_way, sent = json.loads(in_node(DECISIONS, tmp_path))
    assert under_way == 1
    assert [action for action, _ in sent] == ["refused", "accepted", "refused", "accepted"]
    first, second, third, of_another = (number for _, number in sent)
    assert first == second == third != of_another
