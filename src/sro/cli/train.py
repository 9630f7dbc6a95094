"""`sro train`: Stackelberg response optimization of a leader on toxic comments, from file to rewriter."""

from __future__ import annotations

from rich.console import Console

from sro.cli import device_flags, quiet_libraries


def run(argv: list[str], prog: str = "sro train") -> int:
    """Parse, train, print the table, some rewrites and what to do next."""
    from sro.arguments import SROConfig
    from sro.config import parse
    from sro.followers import FollowerArguments
    from sro.leader import LeaderArguments
    from sro.runs import DataArguments, train_run

    quiet_libraries()
    argv = [*device_flags(argv), *argv]
    data, follower, leader, args = parse(
        (DataArguments, FollowerArguments, LeaderArguments, SROConfig),
        argv,
        prog=prog,
        description="Train a leader by SRO on toxic comments; no pairs are read.",
    )
    result = train_run(data, follower, leader, args)
    console = Console(highlight=False, soft_wrap=True)
    for comment, before, after in result.rewrites[:10]:
        console.print(f"\n  comment  {comment}\n  before   {before}\n  after    {after}", markup=False)
    console.print(f"\n{(result.folder / 'table.md').read_text('utf-8')}", markup=False)
    console.print(f"curves   {result.folder / 'curves.png'}", markup=False)
    console.print(f"try it   sro rewrite 'what a stupid idea .' --adapter {result.folder / 'adapter'}", markup=False)
    return 0
