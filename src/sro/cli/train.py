"""`sro train`: Stackelberg response optimization of a leader on toxic comments, from file to rewriter."""

from __future__ import annotations

from rich.console import Console


def run(argv: list[str], prog: str = "sro train") -> int:
    """Parse, train, print the table, some rewrites and what to do next."""
    import torch

    from sro.arguments import SROConfig
    from sro.config import parse
    from sro.followers import FollowerArguments
    from sro.leader import LeaderArguments, bf16_pays
    from sro.runs import DataArguments, train_run

    # Accelerate reads the precision while the config is made, so it is decided here.
    if not torch.cuda.is_available():
        argv = ["--use_cpu", "true", *argv]
    if bf16_pays() and not any(word.partition("=")[0] == "--bf16" for word in argv):
        argv = ["--bf16", "true", *argv]
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
