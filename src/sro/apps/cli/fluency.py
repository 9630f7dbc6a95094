"""`sro fluency`: teach a follower to recognise whole sentences."""

from __future__ import annotations

from sro.core.machine import device_defaults, keep_memory, quiet_libraries


def run(argv: list[str]) -> int:
    """Parse, train, print the folder of the adapter and its measures."""
    from sro.core.config import parse
    from sro.screeners.lora.acceptability_training import FluencyConfig, FluencyData, train_fluency

    quiet_libraries()
    keep_memory()
    data, args = parse(
        (FluencyData, FluencyConfig),
        argv,
        prog="sro fluency",
        description="Teach the embedded leader to tell sentences that people wrote from the same with a fault.",
        defaults=device_defaults(),
    )
    adapter = train_fluency(data, args, ["sro", "fluency", *argv])
    print((adapter.parent / "measures.json").read_text("utf-8"), end="")
    print(f"adapter  {adapter}\nnext     sro train --fluency {adapter} --comments FILE::COLUMN")
    return 0
