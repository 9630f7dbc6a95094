"""`sro warmup`: turn a language model into a rewriter, without parallel data."""

from __future__ import annotations

from sro.apps.cli.train import next_flags
from sro.core.machine import device_defaults, keep_memory, quiet_libraries


def run(argv: list[str]) -> int:
    """Parse, warm up, print the folder of the adapter."""
    from sro.core.config import parse
    from sro.leader.engines.chat.config import ChatSettings
    from sro.leader.model import LeaderArguments
    from sro.training.warmup.examples import Mixture
    from sro.training.warmup.run import WarmupData, warmup_run
    from sro.training.warmup.teachers import Teachers
    from sro.training.warmup.trainer import WarmupConfig

    quiet_libraries()
    keep_memory()
    data, mixture, teachers, leader, args, chat = parse(
        (WarmupData, Mixture, Teachers, LeaderArguments, WarmupConfig, ChatSettings),
        argv,
        prog="sro warmup",
        description="Turn a language model into a rewriter from unpaired toxic and clean comments.",
        defaults=device_defaults(),
    )
    adapter = warmup_run(data, mixture, teachers, leader, args, command=["sro", "warmup", *argv], chat=chat)
    flags = next_flags(leader.leader, adapter)
    print(f"adapter  {adapter}\nnext     sro train {flags} --comments FILE::COLUMN --output_dir runs/mine")
    return 0
