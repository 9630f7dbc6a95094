"""The folders, prompt and fingerprint of the leader of an engine, found before any weight is loaded.

An engine with its own copy of the weights needs only these, so its start does not cost the time and memory of loading
the original.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sro.core.errors import SROError
from sro.leader.model import (
    Leader,
    LeaderArguments,
    adapter_folder,
    adapter_name,
    embedded_leader,
    is_peft,
    resolve_prompt,
)

READ_WHOLE = 64 << 20  # bytes; larger files are identified by size and modification time
WANTED = ["*.json", "*.safetensors", "*.model", "*.txt"]


@dataclass(frozen=True)
class LeaderParts:
    """Folders of a leader and its adapter (None: it has none), and the prompt they are used with."""

    base: Path
    adapter: Path | None
    prompt: str

    @classmethod
    def find(
        cls,
        leader: str = "embedded",
        adapter: str | None = None,
        prompt: str | None = None,
        default_adapter: str = "embedded/rewriter",
    ) -> LeaderParts:
        """Find the parts that these names stand for, by the rules of `Leader.load`; hub names are downloaded.

        Raises:
            SROError: nothing under a name, or a prompt without `{text}`.
        """
        base = embedded_leader() if leader == "embedded" else _local(leader, "leader")
        name = adapter_name(leader, adapter, default_adapter)
        folder = None if name == "none" else _local(adapter_folder(name), "adapter")
        return cls(base, folder, resolve_prompt(prompt, folder, base))

    def load(self) -> Leader:
        """Load the leader with the adapter merged: plain float32 weights that take no gradients."""
        arguments = LeaderArguments(str(self.base), str(self.adapter or "none"))
        return merge_adapter_weights(Leader.load(arguments, prompt=self.prompt))

    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any file the leader or the adapter is loaded from."""
        digest = hashlib.sha256()
        for folder in filter(None, (self.base, self.adapter)):
            for file in sorted(path for pattern in WANTED for path in folder.glob(pattern)):
                about = file.stat()
                large = about.st_size > READ_WHOLE
                digest.update(f"{file.name} {about.st_size} {about.st_mtime_ns if large else 0} ".encode())
                digest.update(b"" if large else file.read_bytes())
        return digest.hexdigest()[:16]


def merge_adapter_weights(leader: Leader) -> Leader:
    """Merge the adapter into the weights: same outputs, 1.2 times faster, and other engines can read the result."""
    model = leader.model.merge_and_unload() if is_peft(leader.model) else leader.model
    model.requires_grad_(False)
    return Leader(model, leader.tokenizer, leader.prompt)


def _local(name: str, what: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=WANTED))
    except (OSError, ValueError) as error:
        raise SROError(
            f"no {what} could be found under {name!r}: {str(error).splitlines()[0]}\n"
            "  fix: `embedded`, a folder, or a hub name that is reachable from here (`sro doctor --network`)"
        ) from error
