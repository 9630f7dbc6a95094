"""One dataclass is the configuration file is the command line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from sro.core.config import parse, read_yaml, to_plain_dict, to_yaml
from sro.core.errors import SROError


@dataclass
class Data:
    data: str = field(metadata={"help": "comments to learn from"})
    limit: int | None = field(default=None, metadata={"help": "use this many"})
    columns: list[str] = field(default_factory=lambda: ["text"], metadata={"help": "columns to read"})


@dataclass
class Game:
    beta: float = field(default=0.1, metadata={"help": "how far the leader may move from its reference"})
    loss: Literal["sro", "dpo"] = "sro"
    dropout: bool = field(default=True, metadata={"help": "whether to drop"})
    output: Path = Path("runs/sro")
    level: str = field(default="info", metadata={"choices": ["info", "debug"], "help": "what to log"})
    hub_token: str | None = None

    def __post_init__(self) -> None:
        if self.beta <= 0:
            raise ValueError(f"beta must be positive, not {self.beta}")


def both(*argv: str) -> tuple[Data, Game]:
    return parse((Data, Game), argv, prog="sro train", description="Train a leader.")


def refused(*argv: str) -> str:
    with pytest.raises(SROError) as caught:
        both(*argv)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(text: str, name: str = "run.yaml") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def test_defaults_then_file_then_flags(file: Any) -> None:
    run = file("data: a.txt\nbeta: 0.2\nlimit: 7\ncolumns: [x, y]\n")
    data, game = both("--config", run, "--beta", "0.3", "--no_dropout")
    assert data == Data(data="a.txt", limit=7, columns=["x", "y"])
    assert (game.beta, game.dropout, game.loss, game.output) == (0.3, False, "sro", Path("runs/sro"))


def test_a_later_file_overrides_an_earlier_one(file: Any) -> None:
    base, mine = file("data: a\nbeta: 0.2\nlimit: 3\n", "base.yaml"), file("beta: 0.5\n", "mine.yaml")
    data, game = both("--config", base, "--config", mine)
    assert (data.limit, game.beta) == (3, 0.5)


def test_one_dataclass_gives_one_instance() -> None:
    assert parse(Game, ["--beta=0.4"], prog="sro x", description="") == Game(beta=0.4)


def test_required_values_may_come_from_a_file_but_must_come(file: Any) -> None:
    assert both("--config", file("data: a"))[0].data == "a"
    assert "sro train needs data: give --data" in refused("--beta", "1")


def test_yaml_1_1_habits(file: Any) -> None:
    assert both("--data", "a", "--config", file("beta: 2e-5"))[1].beta == 2e-5  # text to YAML 1.1
    assert "in quotes" in refused("--data", "a", "--config", file("loss: no"))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("data: a\nbetta: 1\n", 2, "unknown key 'betta'; did you mean 'beta'"),
        ("beta: much", 1, "'beta' must be a number, not much"),
        ("\n\nlimit: 1.5", 3, "'limit' must be a whole number or null, not 1.5"),
        ("limit: true", 1, "'limit' must be a whole number or null, not true"),
        ("columns: x", 1, "'columns' must be a list of text, not x"),
        ("columns: [x, 1]", 1, "'columns' must be a list of text, not [x, 1]"),
        ("loss: kto", 1, "'loss' must be one of sro, dpo, not kto"),
        ("level: loud", 1, "'level' must be one of info, debug, not loud"),
        ("dropout: 1", 1, "'dropout' must be true or false, not 1"),
        ("beta:", 1, "'beta' must be a number, not null"),
        ("beta: 1\nbeta: 2", 2, "'beta' is set twice"),
        ("- beta", 1, "expected lines of `key: value`"),
        ("? [a, b]\n: 1", 1, "unknown key"),
        ("beta: [1", 1, "not valid YAML"),
        ("beta: 1\ndata: 2024-13-45", 2, "'data' looks like a date or a number and is none: month must be in 1..12"),
        ("limit: 0x_", 1, "'limit' looks like a date or a number and is none"),
        ('limit: !!int ""', 1, "'limit' looks like a date or a number and is none"),
        ("beta: 1\ndropout: !!bool perhaps", 2, "'dropout' looks like a date or a number and is none"),
        ("data: !!timestamp soon", 1, "'data' looks like a date or a number and is none"),
        ("data: !!python/object/apply:os.getcwd []", 1, "not valid YAML: could not determine a constructor"),
    ],
)
def test_mistakes_in_a_file_name_file_and_line(file: Any, text: str, line: int, message: str) -> None:
    path = file(text)
    said = refused("--config", path)
    assert said.startswith(f"{path}:{line}: ")
    assert message in said


def test_a_file_that_nests_without_end_is_told(file: Any) -> None:
    path = file("columns: " + "[" * 2_000 + "]" * 2_000)
    assert refused("--config", path) == f"{path}: nested too deeply; want lines of `key: value`"


def test_unreadable_files(tmp_path: Path) -> None:
    assert "absent.yaml" in refused("--config", str(tmp_path / "absent.yaml"))
    (tmp_path / "bytes.yaml").write_bytes(b"beta: \xff")
    assert "UTF-8" in refused("--config", str(tmp_path / "bytes.yaml"))
    assert "--config: expected one argument" in refused("--config")


def test_an_empty_file_sets_nothing(file: Any) -> None:
    assert read_yaml(file("# nothing yet\n"), [Game]) == {}


def test_what_a_dataclass_refuses_is_told_by_the_command() -> None:
    assert refused("--data", "a", "--beta", "0") == "sro train: beta must be positive, not 0.0"


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as left:
        both(*argv)
    assert left.value.code == 0
    return capsys.readouterr().out


def test_print_config_prints_what_differs_and_can_be_given_back(file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--data", "a b", "--beta", "2e-5", "--loss", "sro", "--print-config")
    assert text == "# sro train --config FILE\ndata: a b\nbeta: 2.0e-05\n"
    assert both("--config", file(text)) == both("--data", "a b", "--beta", "2e-5")


def test_print_config_compares_with_the_defaults_of_the_command(file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def preset(*argv: str) -> Game:
        return parse(Game, argv, prog="sro demo", description="", defaults={"beta": 0.5, "level": "debug"})

    with pytest.raises(SystemExit):
        preset("--beta", "0.1", "--print-config")  # the dataclass's own default
    text = capsys.readouterr().out
    assert text == "# sro demo --config FILE\nbeta: 0.1\n"
    assert preset("--config", file(text)) == preset("--beta", "0.1") == Game(beta=0.1, level="debug")


def test_print_config_all_prints_every_field_but_credentials(file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--data", "no", "--hub_token", "s3cret", "--print-config=all")
    assert list(yaml.safe_load(text)) == ["data", "limit", "columns", "beta", "loss", "dropout", "output", "level"]
    assert "s3cret" not in text
    assert both("--config", file(text)) == both("--data", "no")


def test_dump_and_plain() -> None:
    assert to_plain_dict((Data("a"), Game(output=Path("x/y"))), everything=False) == {"data": "a", "output": "x/y"}
    assert yaml.safe_load(to_yaml(Game())) == to_plain_dict(Game())


def test_defaults_that_refuse_themselves_are_all_shown() -> None:
    @dataclass
    class Either:
        left: str = ""
        right: str = ""

        def __post_init__(self) -> None:
            if not self.left and not self.right:
                raise ValueError("left or right")

    assert to_plain_dict(Either(left="x"), everything=False) == {"left": "x", "right": ""}


def test_a_subclass_of_training_arguments(file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from transformers import TrainingArguments

    @dataclass
    class Training(TrainingArguments):
        learning_rate: float = field(default=2e-5, metadata={"help": "peak learning rate"})

    def made(*argv: str) -> tuple[Data, Training]:
        return parse((Data, Training), ["--use_cpu", *argv], prog="sro train", description="")

    def shown(*argv: str) -> str:
        with pytest.raises(SystemExit):
            made(*argv)
        return capsys.readouterr().out

    run = file("data: a\neval_strategy: 'steps'\nsave_steps: 10\nreport_to: [tensorboard]\nfsdp_config: {a: 1}\n")
    _, training = made("--config", run, "--seed", "7")
    assert (training.eval_strategy.value, training.save_steps, training.seed) == ("steps", 10, 7)
    assert training.report_to == ["tensorboard"]

    changed = yaml.safe_load(shown("--data", "a", "--max_steps", "3", "--print-config"))
    assert changed["max_steps"] == 3
    assert "learning_rate" not in changed  # ours is 2e-5
    assert not {"accelerator_config", "output_dir", "report_to"} & changed.keys()  # rewritten by TrainingArguments

    everything = shown("--config", run, "--print-config=all")
    assert shown("--config", file(everything, "all.yaml"), "--print-config=all") == everything

    text = shown("--help")
    assert "peak learning rate" in text and "--weight_decay" not in text and "TrainingArguments is a flag" in text

    with pytest.raises(SROError, match=r"'eval_strategy' must be one of no, steps, epoch, not false .*in quotes"):
        made("--config", file("data: a\neval_strategy: no\n"))
    with pytest.raises(SROError, match="unknown key 'lerning_rate'; did you mean 'learning_rate'"):
        made("--config", file("lerning_rate: 1\n"))


def test_without_flags_there_is_nothing_to_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.core.config.parsers", None)  # it would take half a second
    assert parse(Game, [], prog="sro", description="", defaults={"beta": 0.5}) == Game(beta=0.5)
