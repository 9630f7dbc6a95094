"""The parts of `transformers.Trainer` that change because batches are games: one numeric mode, saving with the prompt.

There is no evaluation loop. `sro.training.trainer` defines the training step.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from transformers import Trainer

from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.leader.card import write_prompt
from sro.leader.model import is_peft
from sro.training.config import SROConfig
from sro.training.game import Game
from sro.training.model_card import model_card

NO_EVALUATION = (
    "SROTrainer has no evaluation loop, because there is no loss until the leader rewrites a comment\n"
    "  fix: leave out eval_dataset, evaluate and predict; rewrite held-out comments with sro.Rewriter and compare"
)


class GameTrainer(Trainer):
    """A `transformers.Trainer` with `Game`s as batches; it saves the model with its prompt."""

    args: SROConfig
    model: Any

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Refused; see `NO_EVALUATION`."""
        raise SROError(NO_EVALUATION)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """Refused; see `NO_EVALUATION`."""
        raise SROError(NO_EVALUATION)

    def autocast_smart_context_manager(self, cache_enabled: bool | None = True) -> AbstractContextManager[Any]:
        """Use one numeric mode for completions, reference and loss: two modes' log-probabilities must not be compared.

        Trainer leaves this to accelerate, which only wraps `model.forward`. Generation through an adapter, a separate
        call of the encoder and a copy of the model do not use that wrapper.
        """
        return self.accelerator.autocast()

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """As `Trainer.save_model`; also write the prompt beside the weights, for `Rewriter.load`. PEFT puts an adapter
        that is not called `default` into a folder with the adapter's name."""
        super().save_model(output_dir, _internal_call)
        if self.args.should_save:
            folder = Path(output_dir or str(self.args.output_dir))
            model = self.accelerator.unwrap_model(self.model)
            own = [folder / name for name in model.peft_config if name != "default"] if is_peft(model) else []
            for place in (folder, *filter(Path.is_dir, own)):
                write_prompt(place, self.args.prompt)

    def create_model_card(
        self, model_name: str | None = None, tags: str | Sequence[str] | None = None, **unused: Any
    ) -> None:
        """Write README.md into `output_dir`: SRO, the base model, the prompt, and how to load it.

        Args:
            model_name: title of the card; None: the name of `output_dir`.
            tags: further tags for the hub.
        """
        if not self.is_world_process_zero():
            return
        model, folder = self.accelerator.unwrap_model(self.model), Path(str(self.args.output_dir))
        adapter = is_peft(model)
        settings = model.peft_config[model.active_adapter] if adapter else model.config
        base = (settings.base_model_name_or_path if adapter else "") or model.config._name_or_path or "unknown"
        more = [tags] if isinstance(tags, str) else list(tags or [])
        text = model_card(base, adapter, self.args.prompt, self.args.objective, model_name or folder.name, more)
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write_text(folder / "README.md", text)

    def _prepare_inputs(self, inputs: Game) -> Game:
        return inputs  # a game's tensors are already on the device

    def floating_point_ops(self, inputs: Game) -> int:
        """Not counted: games are lists of ids, not padded tensors."""
        return 0
