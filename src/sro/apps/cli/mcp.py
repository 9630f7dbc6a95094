"""`sro mcp`: screening and rewriting as tools for assistants (Model Context Protocol), on standard input and output.

    sro mcp                                   # for a client to start; it waits for the client's messages
    sro mcp --no_rewrite                      # screens only
    claude mcp add sro -- sro mcp

It reads and writes no files and uses no network, unless a named engine or model does.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sro.core.config import parse
from sro.core.errors import SROError
from sro.leader.engines.loading import EngineArguments
from sro.rewriting.config import ServedModels

if TYPE_CHECKING:
    from sro.rewriting.rewriter import Rewriter
    from sro.screeners.base import Screener

DESCRIPTION = (
    "Run an MCP server on standard input and output with the tools `screen` and `rewrite`. A client starts it; "
    "docs/how-to/mcp.md has the JSON for that."
)
INSTALL = 'pip install -c constraints.txt -e ".[mcp]"   (in a checkout of sro)'


@dataclass(kw_only=True)
class Models(ServedModels):
    """Which parts to offer (each is loaded at its first use), and the threshold from which a text fails."""

    rewrite: bool = field(default=True, metadata={"help": "offer the tool `rewrite`; else the server only screens"})


def run(argv: list[str]) -> int:
    """Serve until standard input ends."""
    models, engine = parse((Models, EngineArguments), argv, prog="sro mcp", description=DESCRIPTION)
    try:
        import mcp.server.mcpserver  # noqa: F401
    except ImportError as error:
        raise SROError(f"`sro mcp` needs the package mcp, from 2.0 on ({error})\n  fix: {INSTALL}") from error
    from sro.apps.mcp.server import Tools, make_server
    from sro.apps.serve.rewriter import load_rewriter
    from sro.screeners.loading import load_named_screener

    def load(screener: Screener) -> Rewriter:
        return load_rewriter(models, engine, screener)

    if sys.stdin.isatty():
        print("sro mcp: waits for a client on standard input; Ctrl-C ends it", file=sys.stderr)
    tools = Tools(lambda: load_named_screener(models), load if models.rewrite else None, models.threshold)
    make_server(tools).run("stdio")
    return 0
