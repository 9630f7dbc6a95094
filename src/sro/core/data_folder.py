"""The folder of the public data sets that judges, screeners and experiments are made with."""

from __future__ import annotations

import os
from dataclasses import field


def data_folder() -> str:
    """`$SRO_DATA`, else ../shared/data."""
    return os.environ.get("SRO_DATA") or "../shared/data"


def data_folder_field() -> str:
    """The field `data` of a command that reads the data sets."""
    return field(
        default_factory=data_folder,
        metadata={"help": "folder of the data sets (default: the environment's SRO_DATA, or ../shared/data)"},
    )
