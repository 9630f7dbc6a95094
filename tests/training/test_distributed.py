"""Two processes play one game: they learn what one process with the same global batch learns, and none waits forever.

The file is also the program of those processes: `accelerate launch` starts it twice, with gloo between them, and it
plays every scenario in turn. One launch serves all tests; loading the libraries is what takes the time.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sro.training.distributed import FILLER_COMMENT, share

REPOSITORY = Path(__file__).parents[2]
CONFIGS = REPOSITORY / "recipes" / "accelerate"
TIMEOUT = 300  # seconds, on a busy machine; a hang fails
PROMPT = "Rude : {text} Polite :"
WORDS = [f"{be} a {what}" for be in ("are", "is") for what in ("stupid idiot", "moron", "crap page", "fool")]
COMMENTS = [f"{who} {what}" for who in ("you", "they", "he") for what in WORDS]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gloo and process groups as on POSIX")


# -- what is played, by one process and by two --------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """A run of so many comments over so many processes, `batch` comments a micro-batch together."""

    leader: str = "causal"
    tuning: str = "full"  # full, fresh or continued: an adapter
    comments: int = 17  # the last batch of an epoch has one, so that one process has none
    written: str = "mixed"  # see `WRITERS`; own: the leader's, greedily
    batch: int = 8
    options: dict[str, Any] = field(default_factory=dict)


SCENARIOS = {
    "uneven last batch": Scenario(options={"num_generations": 2}),
    "accumulated": Scenario(comments=21, batch=4, options={"gradient_accumulation_steps": 2}),
    "fails beside passes": Scenario(options={"num_generations": 3, "objective": "sro_contrast"}),
    "own completions": Scenario(
        written="own", tuning="continued", options={"steps_per_generation": 2, "rpo_alpha": 0.5}
    ),
    "encoder–decoder": Scenario("seq2seq", options={"flip_rate": 0.1, "max_grad_norm": 0.5}),
    "encoder–decoder, fresh adapter": Scenario("seq2seq", "fresh", written="own"),
    "one pass in all": Scenario(written="one pass", options={"ddp_find_unused_parameters": False}),
    "one pass, and only passes are learnt from": Scenario(written="one pass", options={"objective": "pass_only"}),
    "no pass": Scenario(written="no pass", tuning="fresh"),
    "collapse": Scenario(written="some empty", options={"collapse_window": 16, "num_train_epochs": 9}),
}

WRITERS: dict[str, Callable[[str], str]] = {
    "mixed": lambda comment: "you moron" if len(comment) % 3 == 0 else "i think this is wrong"[: 7 + len(comment) % 9],
    "one pass": lambda comment: "thanks friend" if comment == COMMENTS[0] else "leave idiot",
    "no pass": lambda comment: "leave idiot",
    "some empty": lambda comment: "" if comment in COMMENTS[:7] else "thanks friend",  # 7 of 17
}


class RudeWords:
    """A screener that fails three words; a text without source would be nobody's."""

    name = "rude words 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Any]:
        from sro.screeners.base import Verdict

        assert sources and all(sources), "nobody's completions are not screened"
        rude = [bool({"idiot", "moron", "fool"} & set(text.split())) for text in texts]
        return [Verdict("fail" if bad else "pass", 0.9 if bad else 0.1, self.name) for bad in rude]


class Script:
    """A rollout whose completions depend on the comment alone."""

    def __init__(self, tokenizer: Any, continues: bool, write: Callable[[str], str]) -> None:
        self.tokenizer, self.continues, self.write = tokenizer, continues, write

    def generate(self, comments: Sequence[str], n: int, sampling: Any, seed: int | None) -> list[list[Any]]:
        from sro.leader.generation import Completion
        from sro.leader.token_ids import completion_ids

        texts = [self.write(comment) for comment in comments]
        rows = completion_ids(self.tokenizer, texts, PROMPT if self.continues else None)
        return [[Completion(text, ids, True)] * n for text, ids in zip(texts, rows)]


def trainer_of(scenario: Scenario, leaders: Path, folder: Path, processes: int, **more: Any) -> Any:
    """The scenario's trainer on one of so many processes."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model

    from sro.leader.model import Leader, LeaderArguments
    from sro.training.config import SROConfig
    from sro.training.trainer import SROTrainer

    player = Leader.load(LeaderArguments(leader=str(leaders / scenario.leader)), prompt=PROMPT)
    model, encoder_decoder = player.model, player.model.config.is_encoder_decoder
    task = "SEQ_2_SEQ_LM" if encoder_decoder else "CAUSAL_LM"
    fresh = scenario.tuning == "fresh"
    lora = LoraConfig(r=4, target_modules="all-linear", task_type=task, init_lora_weights=fresh)
    torch.manual_seed(1)  # of the adapter
    if scenario.tuning == "continued":
        model = get_peft_model(model, lora)
    write = WRITERS.get(scenario.written)
    given: dict[str, Any] = {
        "output_dir": str(folder),
        "prompt": PROMPT,
        "per_device_train_batch_size": scenario.batch // processes,
        "num_train_epochs": 2,
        "temperature": 0.0,
        "max_completion_length": 8,
        "optim": "sgd",
        "learning_rate": 1.0,
        "lr_scheduler_type": "constant",
        "max_grad_norm": 0.0,
        "logging_steps": 1,
        "save_strategy": "no",
        "collapse_window": 0,
        "disable_tqdm": True,
        "use_cpu": True,
    }
    return SROTrainer(
        model,
        SROConfig(**{**given, **scenario.options, **more}),
        RudeWords(),
        Dataset.from_dict({"comment": COMMENTS[: scenario.comments]}),
        player.tokenizer,
        peft_config=lora if fresh else None,
        generator=Script(player.tokenizer, not encoder_decoder, write) if write else None,
    )


def view(trainer: Any) -> dict[str, Any]:
    """What a process can tell of a run when it is over."""
    return {
        "log": [line for line in trainer.state.log_history if "loss" in line],
        "step": trainer.state.global_step,
        "reason": trainer.guard.reason,
        "reference": dict(trainer.reference_x),
    }


def keep(trainer: Any, folder: Path, name: str) -> None:
    """Write down what a run came to, as this process sees it."""
    from safetensors.torch import save_file

    trained = {key: p.detach().clone() for key, p in trainer.model.named_parameters() if p.requires_grad}
    save_file(trained, folder / f"{name}.safetensors")
    (folder / f"{name}.json").write_text(json.dumps(view(trainer)), "utf-8")


RESUMED = Scenario(
    tuning="continued",
    written="own",
    comments=13,
    options={"save_steps": 2, "save_strategy": "steps", "optim": "adamw_torch", "learning_rate": 1e-2},
)


def whole_run(leaders: Path, folder: Path, batch: int) -> Any:
    """What `sro train` does, files and all, with a stub for meaning."""
    import numpy as np

    from sro.leader.model import LeaderArguments
    from sro.screeners import follower
    from sro.screeners.follower import FollowerArguments
    from sro.training.config import SROConfig
    from sro.training.data import DataArguments
    from sro.training.run import train_run

    class Half:
        def __init__(self, name: str) -> None: ...

        def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> Any:
            return np.full(len(texts), 0.5, np.float32)

    follower.SentenceEncoder = Half
    return train_run(
        DataArguments(comments=[str(leaders / "comments.txt")], only_refused=False),
        FollowerArguments(min_similarity=0.0),
        LeaderArguments(leader=str(leaders / "causal"), lora_rank=4),
        SROConfig(
            output_dir=str(folder),
            prompt=PROMPT,
            per_device_train_batch_size=batch,
            max_steps=3,
            logging_steps=1,
            save_steps=2,
            learning_rate=1e-2,
            temperature=0.0,
            max_completion_length=8,
            collapse_window=0,
            use_cpu=True,
        ),
    )


def main(leaders: Path, home: Path) -> None:
    """One of two processes: every scenario in turn, then a run that is resumed, a whole run and a refused one."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # as the command line does
    import torch
    from accelerate import PartialState

    from sro.core.errors import SROError

    torch.set_num_threads(1)
    gc.freeze()  # each `train` starts with a collection, which need not look through all of torch
    process = int(os.environ["RANK"])
    mine = home / f"process-{process}"
    mine.mkdir()
    for name, scenario in SCENARIOS.items():
        trainer = trainer_of(scenario, leaders, home / name, 2)
        trainer.train()
        keep(trainer, mine, name)

    undisturbed = trainer_of(RESUMED, leaders, home / "resumed", 2)
    undisturbed.train()
    keep(undisturbed, mine, "undisturbed")
    resumed = trainer_of(RESUMED, leaders, home / "resumed", 2)
    resumed.train(resume_from_checkpoint=str(home / "resumed" / "checkpoint-2"))
    keep(resumed, mine, "resumed")

    result = whole_run(leaders, home / "run", batch=4)
    (mine / "run.json").write_text(json.dumps([asdict(result.after), result.rewrites]), "utf-8")
    try:
        whole_run(leaders, home / "run", batch=4)
    except SROError as error:
        (mine / "refused.txt").write_text(str(error), "utf-8")
    PartialState().destroy_process_group()


# -- the tests -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Launched:
    leaders: Path
    home: Path

    def weights(self, name: str, process: int = 0) -> dict[str, Any]:
        from safetensors.torch import load_file

        return load_file(self.home / f"process-{process}" / f"{name}.safetensors")

    def seen(self, name: str, process: int = 0) -> dict[str, Any]:
        return json.loads((self.home / f"process-{process}" / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, tiny_causal: Any, tiny_seq2seq: Any, saved: Any) -> Launched:
    """Everything that two processes did."""
    leaders, home = tmp_path_factory.mktemp("leaders"), tmp_path_factory.mktemp("two")
    saved(leaders / "causal", *tiny_causal())
    saved(leaders / "seq2seq", *tiny_seq2seq())
    (leaders / "comments.txt").write_text("".join(f"{text}\n" for text in [*COMMENTS, "too short"]), "utf-8")
    config = ["--config_file", str(CONFIGS / "ddp.yaml"), "--num_processes", "2", "--main_process_port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "accelerate.commands.launch", *config, str(Path(__file__)), str(leaders), str(home)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.terminate()  # the launcher, which ends what it started
        output, _ = process.communicate()
        pytest.fail(f"two processes hung:\n{output[-4000:]}")
    assert process.returncode == 0, output[-4000:]
    (home / "output.txt").write_text(output, "utf-8")
    return Launched(leaders, home)


@pytest.mark.parametrize("name", SCENARIOS)
def test_two_processes_learn_what_one_learns(
    name: str, two: Launched, tmp_path: Path, quick_collections: None
) -> None:
    import torch

    alone = trainer_of(SCENARIOS[name], two.leaders, tmp_path / "run", 1)
    start = {key: p.detach().clone() for key, p in alone.model.named_parameters() if p.requires_grad}
    alone.train()
    expected = {key: p.detach() for key, p in alone.model.named_parameters() if p.requires_grad}
    assert max((expected[key] - start[key]).abs().max() for key in start) > 1e-3
    first, second = (two.weights(name, process) for process in (0, 1))
    assert first.keys() == second.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(first[key], second[key]), key
        assert torch.allclose(first[key], value, atol=5e-6, rtol=1e-4), key

    seen, found = view(alone), two.seen(name)
    assert (found["step"], found["reason"]) == (seen["step"], seen["reason"])
    assert (seen["reason"] is not None) == (name == "collapse")
    assert found["reference"] == two.seen(name, 1)["reference"] == pytest.approx(seen["reference"], abs=1e-4)
    assert len(found["log"]) == len(seen["log"])
    for line, other in zip(found["log"], seen["log"]):
        assert line == pytest.approx(other, abs=2e-4, rel=1e-3)
    assert table(two.home / name) == table(tmp_path / "run")


def table(folder: Path) -> Counter[tuple[Any, ...]]:
    """The table of completions: in which file, at which step, what became of which comment."""
    rows = [(file.name, json.loads(line)) for file in (folder / "completions").iterdir() for line in lines(file)]
    return Counter((name, row["step"], row["source"], row["paraphrase"], row["verdict"]) for name, row in rows)


def lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


def test_without_a_launcher_a_run_takes_one_of_several_devices(
    two: Launched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sro.training.config import SROConfig

    def on_two(config: Any) -> None:
        post_init(config)
        config._n_gpu = 2

    post_init = SROConfig.__post_init__
    monkeypatch.setattr(SROConfig, "__post_init__", on_two)
    trainer = trainer_of(SCENARIOS["no pass"], two.leaders, tmp_path / "run", 1)
    assert (trainer.args.n_gpu, trainer.args.train_batch_size) == (1, 8)


def test_a_resumed_run_ends_with_the_same_bits(two: Launched) -> None:
    import torch

    undisturbed, resumed = two.weights("undisturbed"), two.weights("resumed")
    assert all(torch.equal(undisturbed[key], resumed[key]) for key in undisturbed)
    for process in (0, 1):
        assert two.seen("undisturbed", process)["reference"] == two.seen("resumed", process)["reference"]
    assert two.seen("resumed")["step"] == 4


def test_a_whole_run_is_written_once_and_known_to_both(two: Launched, tmp_path: Path) -> None:
    run = two.home / "run"
    assert two.seen("run", 0) == two.seen("run", 1)
    measured, rewrites = two.seen("run")
    assert measured["n"] == len(rewrites) == len(lines(run / "rewrites.jsonl"))
    assert json.loads((run / "measures.json").read_text("utf-8"))["after (SRO)"] == measured
    assert {row[0] for row in rewrites} < set(COMMENTS)
    assert not [path for path in run.rglob("*") if ".partial" in path.name]
    for name in ("manifest.json", "adapter/adapter_model.safetensors", "table.md", "curves.png", "quarantine_0.jsonl"):
        assert (run / name).is_file(), name
    assert len(lines(run / "quarantine_0.jsonl")) == 1
    told = [line for line in lines(two.home / "output.txt") if "comments to train on" in line]
    assert len(told) == 1

    alone = whole_run(two.leaders, tmp_path / "run", batch=8)
    assert [tuple(row) for row in rewrites] == alone.rewrites
    logs = [[json.loads(line) for line in lines(folder / "log.jsonl")] for folder in (run, tmp_path / "run")]
    one, other = ([line["loss"] for line in log if "loss" in line] for log in logs)
    assert one == pytest.approx(other, abs=1e-3) and abs(one[-1] - one[0]) > 1e-3


def test_an_error_is_known_to_both(two: Launched) -> None:
    told = [(two.home / f"process-{process}" / "refused.txt").read_text("utf-8") for process in (0, 1)]
    assert told[0] == told[1] and "holds a run already" in told[0]


@pytest.mark.parametrize(
    "comments, processes, shares",
    [
        ("abcd", 2, ["ab", "cd"]),
        ("abcde", 2, ["abc", ["d", "e", FILLER_COMMENT]]),
        ("a", 2, ["a", [FILLER_COMMENT]]),
        ("abcde", 4, ["ab", "cd", ["e", FILLER_COMMENT], [FILLER_COMMENT, FILLER_COMMENT]]),
        ("abc", 1, ["abc"]),
        ("", 3, ["", "", ""]),
    ],
)
def test_shares_are_equally_long_and_hold_every_comment_once(comments: str, processes: int, shares: Any) -> None:
    found = [share(comments, process, processes) for process in range(processes)]
    assert found == [list(expected) for expected in shares]


@pytest.mark.parametrize(
    "name, kind, settings",
    [
        ("ddp", "MULTI_GPU", {}),
        ("fsdp", "FSDP", {"fsdp_version": 2}),
        ("zero2", "DEEPSPEED", {"zero_stage": 2}),
        ("zero3", "DEEPSPEED", {"zero_stage": 3}),
    ],
)
def test_accelerate_reads_the_configs(name: str, kind: str, settings: dict[str, Any]) -> None:
    """By its own loader, and as `accelerate launch` takes them together with the command in their first line."""
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils import DistributedType
    from torch.nn import Linear

    from sro.core.config import parse
    from sro.leader.model import LeaderArguments
    from sro.screeners.follower import FollowerArguments
    from sro.training.config import SROConfig
    from sro.training.data import DataArguments
    from sro.training.weight_averaging import weights_to_keep

    file = CONFIGS / f"{name}.yaml"
    config = load_config_from_file(str(file))
    assert (config.distributed_type.value, config.num_machines) == (kind, 1) and config.num_processes >= 2
    assert {**config.fsdp_config, **config.deepspeed_config}.items() >= settings.items()

    first = lines(file)[0].removeprefix("# ").split()
    assert first[:4] == ["accelerate", "launch", "--config_file", f"recipes/accelerate/{name}.yaml"]
    first[3] = str(file)
    asked, _, _ = _validate_launch_command(launch_command_parser().parse_args(first[2:]))
    assert (asked.multi_gpu, asked.use_fsdp, asked.use_deepspeed) == (
        kind == "MULTI_GPU",
        kind == "FSDP",
        kind == "DEEPSPEED",
    )
    assert asked.module and asked.training_script == "sro" and asked.training_script_args[0] == "train"
    assert all(
        getattr(asked, key) == value for key, value in {**config.fsdp_config, **config.deepspeed_config}.items()
    )

    # What `sro train` itself makes of the command: weights that are spread cannot be averaged with those of the start.
    flags = [word.replace("recipes/", f"{CONFIGS.parent}/") for word in asked.training_script_args[1:]]
    schema = (DataArguments, FollowerArguments, LeaderArguments, SROConfig)
    options = parse(schema, flags, prog="sro train", description="", defaults={"use_cpu": True})[-1]

    kept = weights_to_keep(Linear(1, 1), options.interpolate_to_init, DistributedType[kind])
    assert bool(kept) == (kind == "MULTI_GPU")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
