"""Add files from outside docs/ to the site: model cards, CONTRIBUTING and CHANGELOG.

A link in a page points to a file in the repository, so that it also works if the page is read as a file. These hooks
change it to the page of the site that is made from that file.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(([^)#\s:]+)(#[^)\s]*)?\)")


def outside() -> dict[str, str]:
    """Pages of the site made from files outside of docs/: {path in the repository: path in the site}."""
    cards = sorted(ROOT.glob("src/*/assets/*/README.md")) + sorted(ROOT.glob("packages/*/*/*/README.md"))
    pages = {str(card.relative_to(ROOT)): f"cards/{card.parent.name}.md" for card in cards}
    return {**pages, "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def on_files(files: Files, config: Any) -> Files:
    """Add these files to the site."""
    for source, page in outside().items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, **kwargs: Any) -> str:
    """Turn links to files of the repository into links to pages of the site, or into plain words."""
    moved = outside()
    origins = {name: origin for origin, name in moved.items()}
    here = page.file.src_uri
    folder = posixpath.dirname(origins.get(here, f"docs/{here}"))

    def turned(link: re.Match[str]) -> str:
        mark, words, path, anchor = link.groups("")
        target = posixpath.normpath(posixpath.join(folder, path))
        if target in moved:
            name = moved[target]
        elif target.startswith("docs/"):
            name = target.removeprefix("docs/")
        else:
            return f"{words} (`{target}`)"
        return f"{mark}[{words}]({posixpath.relpath(name, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(turned, markdown)
