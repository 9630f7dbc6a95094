"""`sro train`: Stackelberg response optimization of a leader on toxic comments, from a file to a rewriter."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from sro.core.machine import device_defaults, keep_memory, quiet_libraries

OF_ENGINES = ("--engine", "--chat_", "--responses")
"""Beginnings of the flags that a user types who wants to train the model behind a server."""


def run(
    argv: list[str], prog: str = "sro train", presets: Mapping[str, Any] | None = None, with_search: bool = False
) -> int:
    """Parse, train, print the table, some rewrites and the next commands.

    Args:
        argv: the command line after `prog`.
        presets: take precedence over the usual defaults.
        with_search: also print what `sro rewrite` answers with the trained adapter. For the embedded leader only.
    """
    from sro.core.config import parse
    from sro.leader.model import LeaderArguments
    from sro.screeners.follower import FollowerArguments
    from sro.training.config import SROConfig
    from sro.training.data import DataArguments
    from sro.training.preparation import refuse_chat_server
    from sro.training.run import train_run

    if any(word.startswith(OF_ENGINES) for word in argv):
        refuse_chat_server("chat:")  # first, because otherwise the error would be an unknown flag
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
    if args.process_index:  # only one of several processes prints
        return 0
    console = Console(highlight=False, soft_wrap=True)
    shown = result.rewrites[:10]
    with_search = with_search and bool(shown) and leader.leader == "embedded"
    answers = _searched([comment for comment, _, _ in shown], result.folder / "adapter") if with_search else []
    for place, (comment, before, after) in enumerate(shown):
        console.print(f"\n  comment  {comment}\n  before   {before}\n  after    {after}", markup=False)
        if answers:
            console.print(f"  shown    {answers[place]}", markup=False)
    if answers:
        console.print(
            "\n`before` and `after` are the leader's own words; `shown` is what `sro rewrite` answers with the new"
            " adapter: search, rules, critic and refusals.",
            markup=False,
        )
    console.print(f"\n{(result.folder / 'table.md').read_text('utf-8')}", markup=False)
    if (curves := result.folder / "curves.png").is_file():  # a run shorter than --logging_steps has none
        console.print(f"curves   {curves}", markup=False)
    flags = next_flags(leader.leader, result.folder / "adapter", leader.tuning == "full")
    console.print(f"try it   sro rewrite 'what a stupid idea .' {flags}", markup=False)
    return 0


def next_flags(leader: str, folder: Path, whole: bool = False) -> str:
    """The flags with which another command uses what a training run left in `folder`.

    Args:
        leader: the name that was given to the training.
        whole: whether all weights were trained, so that the folder holds a leader and not an adapter.
    """
    if whole:
        return shlex.join(["--leader", str(folder)])
    return shlex.join([*(["--leader", leader] if leader != "embedded" else []), "--adapter", str(folder)])


def _searched(comments: list[str], adapter: Path) -> list[str]:
    """The answers of the rewriter to comments with this adapter of the embedded leader."""
    from sro.rewriting.rewriter import RewriteArguments, Rewriter

    rewriter = Rewriter.load(adapter=str(adapter), engine="transformers")
    found = rewriter.rewrite(comments, RewriteArguments(seed=0))
    return [one.text if one.text is not None else f"(refused: {one.reason})" for one in found]
