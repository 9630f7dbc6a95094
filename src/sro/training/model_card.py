"""The model card of a trained leader: its base model, its training, and how to load it."""

from __future__ import annotations

from collections.abc import Sequence

PAPER = "https://arxiv.org/abs/2410.20298"


def model_card(base: str, adapter: bool, prompt: str, objective: str, name: str, tags: Sequence[str] = ()) -> str:
    """Markdown with the metadata block that the Hugging Face hub reads.

    Args:
        base: the leader before training, a hub name or a folder.
        adapter: whether the weights are a LoRA adapter for `base`.
        prompt: the leader's prompt template, with `{text}`.
        tags: more tags, besides `sro` and `text-detoxification`.
    """
    all_tags = dict.fromkeys(["sro", "text-detoxification", *tags])
    lines = ["---", f"base_model: {base}", f"library_name: {'peft' if adapter else 'transformers'}", "tags:"]
    lines += [f"- {tag}" for tag in all_tags]
    what = "A LoRA adapter for" if adapter else "A fine-tuned copy of"
    how = f'Rewriter.load("{base}", adapter="FOLDER")' if adapter else 'Rewriter.load("FOLDER")'
    return "\n".join(
        [
            *lines,
            "---",
            "",
            f"# {name}",
            "",
            f"{what} `{base}` that rewrites toxic comments, trained by SRO (Stackelberg response optimization) from "
            f"the verdicts of a screener, without parallel data: [Xie, Li, Zhu, 2024]({PAPER}).",
            "",
            f"Objective `{objective}`; prompt `{prompt!r}`.",
            "",
            "```python",
            "from sro import Rewriter",
            "",
            f"rewriter = {how}",
            "```",
            "",
        ]
    )
