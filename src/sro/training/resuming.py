"""A run can only be resumed with the settings it began with.

The settings of a resumed run come from its own command line; its checkpoints come from the run that it resumes. If the
two differ in anything that affects the result, no single command could reproduce the result. So the settings are
compared with the manifest of the first run, and a difference is refused.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sro.core.errors import SROError

FORMER_DEFAULTS = {"lora_rank": 8}
"""Defaults that manifests of earlier versions name; the default is None now and means the same."""
MAY_CHANGE = frozenset(
    {
        *("resume", "output_dir", "resume_from_checkpoint"),
        *("max_steps", "num_train_epochs"),  # to train longer
        *("logging_strategy", "logging_steps", "logging_first_step", "logging_nan_inf_filter", "log_level"),
        *("log_level_replica", "log_on_each_node", "disable_tqdm", "log_completions", "num_completions_to_print"),
        *("save_strategy", "save_steps", "save_total_limit", "save_on_each_node", "enable_jit_checkpoint"),
        *("report_to", "run_name", "project", "trackio_space_id", "trackio_bucket_id", "trackio_static_space_id"),
        *("push_to_hub", "hub_model_id", "hub_strategy", "hub_private_repo", "hub_always_push", "hub_revision"),
        *("dataloader_num_workers", "dataloader_pin_memory", "dataloader_persistent_workers"),
        *("dataloader_prefetch_factor", "dataloader_multiprocessing_context", "ddp_timeout", "local_rank"),
        *("skip_memory_metrics", "debug"),
        *("chat_timeout", "chat_retries", "chat_concurrency", "chat_key_env", "chat_price_in", "chat_price_out"),
    }
)
"""Settings that may differ in a resumed run: logging, saving, output and upload, the length of training, the loading
of rows, and the calls of a chat server."""


def refuse_other_run(folder: Path, settings: Mapping[str, Any], data: Mapping[str, str] | None = None) -> None:
    """Raise SROError if the run in `folder` began with other settings or other data than it would continue with.

    The message names each difference with its first value, and the command that continues the run as it began. A
    folder without a manifest is not compared.

    Args:
        settings: settings as in the manifest; settings that are not given are not compared.
        data: the hash of each source; None: not compared.
    """
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return
    began = json.loads(manifest.read_text("utf-8"))
    now = json.loads(json.dumps(dict(settings), default=str))
    other = [
        f"--{name}: {_said(began['config'][name])} at first, {_said(value)} now"
        for name, value in now.items()
        if name not in MAY_CHANGE
        and name in began["config"]
        and began["config"][name] != value
        and not (value is None and began["config"][name] == FORMER_DEFAULTS.get(name))
    ]
    if data is not None and began["data"] != data:
        names = [name for name in (began["data"] | data) if began["data"].get(name) != data.get(name)]
        other += [f"{name}: its rows are not those that the run began with" for name in names]
    if other:
        raise SROError(
            f"{folder} was begun with other settings or comments than it would go on with\n    "
            + "\n    ".join(other)
            + f"\n  fix: {_command(began['command'])}begin anew with another --output_dir"
        )


def _said(value: Any) -> str:
    """A value in the form that a flag takes; several values are joined by spaces."""
    values = value if isinstance(value, list) else [value]
    words = [str(one).lower() if isinstance(one, bool) or one is None else str(one) for one in values]
    return shlex.join(words) or "nothing"


def _command(began: list[str]) -> str:
    """The beginning of the fix message: the command that continues the run, or, if there was no command, a hint to its
    manifest."""
    if not began:
        return "the settings of its manifest.json, or "
    again = began if began[-2:] == ["--resume", "true"] else [*began, "--resume", "true"]
    return f"{shlex.join(again)}   (with the files as they were), or "
