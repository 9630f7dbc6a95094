"""`sro train`: Stackelberg response optimization of a leader on toxic comments, from file to rewriter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from sro.core.machine import device_defaults, keep_memory, quiet_libraries

OF_ENGINES = ("--engine", "--chat_", "--responses")
"""How flags begin that somebody types who wants to train the model behind a server."""


def run(argv: list[str], prog: str = "sro train", presets: Mapping[str, Any] | None = None) -> int:
    """Parse, train, print the table, some rewrites and what to do next. `presets` go before the usual defaults."""
    from sro.core.config import parse
    from sro.leader.model import LeaderArguments
    from sro.screeners.follower import FollowerArguments
    from sro.training.config import SROConfig
    from sro.training.preparation import refuse_chat_server
    from sro.training.run import DataArguments, train_run

    if any(word.startswith(OF_ENGINES) for word in argv):
        refuse_chat_server("chat:")  # before the flag is called unknown, for the reason is another
    quiet_libraries()
    keep_memory()
    data, follower, leader, args = parse(
        (DataArguments, FollowerArguments, LeaderArguments, SROConfig),
        argv,
        prog=prog,
        description="Train a leader by SRO on toxic comments; no pairs are read.",
        defaults=device_defaults() | dict(presets or {}),
    )
    result = train_run(data, follower, leader, args, command=[*prog.split(), *argv])
    if args.process_index:  # of many processes one speaks
        return 0
    console = Console(highlight=False, soft_wrap=True)
    for comment, before, after in result.rewrites[:10]:
        console.print(f"\n  comment  {comment}\n  before   {before}\n  after    {after}", markup=False)
    console.print(f"\n{(result.folder / 'table.md').read_text('utf-8')}", markup=False)
    if (curves := result.folder / "curves.png").is_file():  # a run shorter than --logging_steps has none
        console.print(f"curves   {curves}", markup=False)
    console.print(f"try it   sro rewrite 'what a stupid idea .' --adapter {result.folder / 'adapter'}", markup=False)
    return 0
