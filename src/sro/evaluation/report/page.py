"""Make one HTML page from the folder of a run or an experiment: headline, tables, plots, and the sentences.

The page is a single file that loads nothing: pictures, style and script are inside, and its Content Security Policy
allows no others, nor any connection. Every text of the folder is shown as text: the page's own markup is written here;
everything else is escaped by `_text` or, for the sheet, goes through JSON and `textContent`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import starmap
from pathlib import Path
from typing import Any

from sro.core.files import atomic_write_text
from sro.core.markdown import Block, Heading, PipeTable, number
from sro.evaluation.report.results_folder import ResultsFolder, read_results
from sro.evaluation.report.sheet import payload, scored

GIVEN = ' class="given"'
JUDGES = ("screener", "toxic_labels", "fail_on", "similarity")
"""Settings of a run that name its own judges."""
WARNING = (
    "The sentences are toxic comments and what became of them: insults, slurs, threats. Read on with that in mind."
)


def write_report(folder: str | Path, output: str | Path | None = None, *, score: bool = False) -> Path:
    """Write the page of a folder in one step and return its path.

    Args:
        folder: of a training run, an experiment, or `sro evaluate --output_dir`.
        output: the file; default `folder`/report.html.
        score: if the sheet has no scores, compute them with the run's own screener and sentence encoder (seconds).

    Raises:
        SROError: there is nothing to show, or a file is damaged.
    """
    found = read_results(folder)
    if score and not any(line.scores for line in found.lines):
        found = _scored(found)
    path = Path(folder) / "report.html" if output is None else Path(output)
    atomic_write_text(path, page(found))
    return path


def _scored(found: ResultsFolder) -> ResultsFolder:
    """The folder with scores by the run's own judges."""
    from sro.screeners.follower import FollowerArguments
    from sro.screeners.loading import load_named_screener
    from sro.screeners.similarity import SentenceEncoder

    config = found.manifest.get("config") or {}
    names = FollowerArguments(**{name: config[name] for name in JUDGES if name in config})
    judges = load_named_screener(names), SentenceEncoder(names.similarity)
    return replace(found, lines=scored(found.lines, *judges))


def page(found: ResultsFolder) -> str:
    """The page as HTML, without lone surrogates, so that it can be written as UTF-8."""
    sheet = payload(found.lines)
    sections = {
        "tables": _section("tables", "Tables", _tables(found.documents)),
        "plots": _section("plots", "Plots", starmap(_plot, found.plots.items())),
        "gallery": _gallery(sheet) if sheet["gallery"] else "",
        "sheet": _sheet(sheet) if sheet["lines"] else "",
    }
    there = [name for name, section in sections.items() if section]
    links = "".join(f'<a href="#{name}">{name.capitalize()}</a>' for name in there)
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{_text(found.name)} – sro report</title>
<style>{style}</style>
</head>
<body>
{_headline(found)}
<nav aria-label="Parts of this page">{links}</nav>
<main>
{"".join(sections.values())}</main>
<script type="application/json" id="data">{_embedded(sheet)}</script>
<script>{script}</script>
</body>
</html>
"""


# --- parts of the page -----------------------------------------------------------------------------------------------


def _headline(found: ResultsFolder) -> str:
    manifest = found.manifest
    words = [str(word) for word in manifest.get("command") or []]
    if words:  # without the program's path on that machine
        words[0] = Path(words[0]).name.replace("__main__.py", "sro")
    git = manifest.get("git") or {}
    facts = {
        "started": str(manifest.get("started") or "").replace("T", " ").replace("+00:00", " UTC"),
        "seed": manifest.get("seed"),
        "sro": (manifest.get("packages") or {}).get("sro"),
        "commit": f"{git['commit'][:10]}{', with changes' if git.get('changed') else ''}" if git.get("commit") else "",
        "set aside": ", ".join(f"{count:,} {reason}" for reason, count in found.set_aside.items()),
    }
    shown = "".join(
        f"<div><dt>{name}</dt><dd>{_text(value)}</dd></div>"
        for name, value in facts.items()
        if value not in (None, "")
    )
    quoted = " ".join(f"<span>{_text(shlex.quote(word))}</span>" for word in words)
    command = (
        f'<div class="command"><pre tabindex="0" id="command">{quoted}</pre>'
        '<button type="button" id="copy">Copy</button></div>'
    )
    return f"""<header>
<p class="kicker">{_text(_kind(words))}</p>
<h1>{_text(found.name)}</h1>
<dl class="facts">{shown}</dl>
<p class="warning" role="note">{WARNING}</p>
{command if words else ""}
{_settings(manifest, words)}
</header>"""


def _kind(words: Sequence[str]) -> str:
    """`sro train`, `sro experiment peers`: the words that are neither flags nor paths."""
    kind = []
    for word in words[:3]:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        kind.append(word)
    return " ".join(kind) or "sro"


def _settings(manifest: Mapping[str, Any], words: Sequence[str]) -> str:
    """Configuration, data and versions, folded. Settings from the command line are highlighted."""
    given = {word[2:].partition("=")[0].replace("-", "_") for word in words if word.startswith("--")}
    config = manifest.get("config") or {}
    counted = f"{len(config):,} settings" + (f", {count} given" if (count := len(given & config.keys())) else "")
    parts = (
        ("Configuration", counted, config),
        ("Data", "SHA-256", manifest.get("data") or {}),
        ("Versions", "", {**(manifest.get("packages") or {}), **_machine(manifest)}),
    )
    return "".join(_folded(name, note, values, given) for name, note, values in parts if values)


def _folded(name: str, note: str, values: Mapping[str, Any], given: set[str]) -> str:
    inside = "".join(
        f"<div{GIVEN if key in given else ''}><dt>{_text(key)}</dt><dd>{_text(_shown(value))}</dd></div>"
        for key, value in values.items()
    )
    return f'<details><summary>{name} <small>{note}</small></summary><dl class="settings">{inside}</dl></details>'


def _machine(manifest: Mapping[str, Any]) -> dict[str, Any]:
    names = ("python", "platform", "cpus", "torch_threads", "gpus")
    return {name: manifest[name] for name in names if manifest.get(name)}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _section(name: str, title: str, parts: Iterable[str]) -> str:
    if not (inside := "".join(parts)):
        return ""
    heading = f'<h2 id="{name}-title">{title}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{heading}{inside}</section>\n'


def _tables(documents: Mapping[str, Sequence[Block]]) -> Iterator[str]:
    for name, blocks in documents.items():
        if len(documents) > 1 and not isinstance(blocks[0], Heading):
            yield f"<h3>{_text(name)}</h3>"
        yield from _document(name, blocks)


def _document(name: str, blocks: Sequence[Block]) -> Iterator[str]:
    title = name
    for block in blocks:
        if isinstance(block, PipeTable):
            yield _table(block, title)
        elif isinstance(block, Heading):
            title = block.text
            yield f"<h3>{_marked(title)}</h3>" if block.level < 3 else f"<h4>{_marked(title)}</h4>"
        else:
            yield f"<p>{_marked(block.text)}</p>"


def _table(block: PipeTable, title: str) -> str:
    align = [' class="n"' if numeric else "" for numeric in block.numeric]
    head = "".join(
        f'<th scope="col"{kind} aria-sort="none"><button type="button">{_marked(cell)}</button></th>'
        for cell, kind in zip(block.head, align)
    )
    body = "".join(f"<tr>{''.join(map(_cell, row, block.numeric, align))}</tr>" for row in block.rows)
    return (
        f'<div class="box" role="region" tabindex="0" aria-label="{_text(title)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: str, numeric: bool, kind: str) -> str:
    value = number(cell) if numeric else None
    sort_by = "" if value is None else f' data-value="{value}"'
    return f"<td{kind}{sort_by}>{_marked(cell)}</td>"


def _plot(name: str, content: bytes) -> str:
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    source = base64.b64encode(content).decode("ascii")
    return (
        f'<figure><img alt="plot: {_text(name)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{source}">'
        f"<figcaption>{_text(name)}</figcaption></figure>"
    )


def _gallery(sheet: Mapping[str, Any]) -> str:
    drawn, systems = len(sheet["gallery"]), len(sheet["rivals"])
    note = (
        f"{drawn:,} of {len(sheet['sentences']):,} sentences, drawn by a fixed seed and not by how they came out; "
        f"{systems:,} {'system' if systems == 1 else 'systems'}. In blue what the comment does not have."
    )
    return _section("gallery", "Gallery", [f'<p class="note">{note}</p><ol class="cases" id="gallery-cases"></ol>'])


def _sheet(sheet: Mapping[str, Any]) -> str:
    note = (
        f"{len(sheet['lines']):,} rewrites of {len(sheet['sentences']):,} sentences by {len(sheet['systems']):,} "
        f"{'system' if len(sheet['systems']) == 1 else 'systems'}. "
    )
    note += "Worst first. " if sheet["scores"] else "The folder has no scores of single sentences: copies come first. "
    inside = f"""<p class="note">{note}<del>Left out</del> of the comment, <ins>new</ins> in the rewrite.</p>
<noscript><p>The sheet and the gallery are drawn by this page's script.</p></noscript>
<div class="controls" role="search" aria-label="Sheet">
<label>Find <input type="search" id="find" autocomplete="off" spellcheck="false"></label>
<label>System <select id="system"></select></label>
<label>Order <select id="order"></select></label>
<fieldset id="verdicts"><legend>Verdict</legend></fieldset>
<p id="count" role="status"></p>
</div>
<ol class="cases" id="cases"></ol>
<p><button type="button" id="more" hidden></button></p>"""
    return _section("sheet", "Sheet", [inside])


# --- text into HTML --------------------------------------------------------------------------------------------------


def _text(value: object) -> str:
    """Escaped for text and quoted attributes."""
    return html.escape(_whole(str(value)).replace("\0", "\N{REPLACEMENT CHARACTER}"))


def _whole(text: str) -> str:
    """The text with U+FFFD for each lone surrogate: UTF-8 cannot encode these, and they crash some browsers."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _marked(text: str) -> str:
    """Markdown's **bold** and `code` within escaped text."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(text))
    return re.sub(r"\*\*(?=\S)([^*]+)(?<=\S)\*\*", r"<strong>\1</strong>", text)


def _embedded(data: Any) -> str:
    """JSON that is safe in a script element: without the three characters of markup."""
    text = _whole(json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":")))
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def _asset(name: str) -> str:
    return (files("sro") / "assets" / "report" / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode('ascii')}'"
