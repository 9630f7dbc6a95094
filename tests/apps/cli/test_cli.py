"""The command `sro` and its doctor."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from sro.apps import cli
from sro.apps.cli import COMMANDS, doctor, main
from sro.apps.cli.doctor import Finding
from sro.core.errors import SROError

Fake = Callable[[Callable[[list[str]], int]], None]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a function in the place of `sro train`."""

    def put(run: Callable[[list[str]], int]) -> None:
        module = ModuleType("sro.apps.cli.train")
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "sro.apps.cli.train", module)

    return put


PARTS_OF_THE_DEMO = ["screener", "starter", "fluency", "rewriter", "warmup"]
"""What `sro demo` opens, rewrites of before and after included; written down here, not read off the code."""


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out and line in out for name, line in COMMANDS.items())


def test_no_command_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("usage: sro COMMAND")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("sro 0.")


@pytest.mark.parametrize(
    ("word", "message"), [("trian", "unknown command 'trian'; did you mean 'train'"), ("--hepl", "unknown option")]
)
def test_an_unknown_word(capsys: pytest.CaptureFixture[str], word: str, message: str) -> None:
    assert main([word]) == 2
    assert f"sro: error: {message}" in capsys.readouterr().err


def test_a_command_gets_its_arguments_and_gives_the_status(fake: Fake) -> None:
    seen: list[list[str]] = []
    fake(lambda argv: seen.append(argv) or 3)
    assert main(["train", "--beta", "1"]) == 3
    assert seen == [["--beta", "1"]]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (SROError("no such file: a.txt"), 2, "sro: error: no such file: a.txt\n"),
        (KeyboardInterrupt(), 130, "sro: interrupted\n"),
        (PermissionError(13, "Permission denied", "a.txt"), 2, "sro: error: [Errno 13] Permission denied: 'a.txt'\n"),
    ],
)
def test_errors_meant_for_people_have_no_traceback(
    fake: Fake, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    def run(argv: list[str]) -> int:
        raise error

    fake(run)
    assert main(["train"]) == status
    assert capsys.readouterr().err == said


def sro(
    words: list[str], unbuffered: bool = False, encoding: str = "", **options: Any
) -> "subprocess.CompletedProcess[bytes]":
    """The command in a process of its own, on a system whose files are in ASCII."""
    system = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    settings = {**system, "PYTHONIOENCODING": encoding, "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    words = [sys.executable, "-m", "sro", *words]
    return subprocess.run(words, env={**os.environ, **settings}, stderr=subprocess.PIPE, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
@pytest.mark.parametrize(
    ("unbuffered", "said"), [(False, "standard output cannot be written: "), (True, "[Errno 28] ")]
)
def test_a_full_disk_behind_standard_output_is_named(unbuffered: bool, said: str) -> None:
    with open("/dev/full", "wb") as full:
        done = sro(["--version"], unbuffered, stdout=full)
    assert (done.returncode, done.stderr.decode()) == (2, f"sro: error: {said}No space left on device\n")


def test_a_pipe_gets_utf_8_whatever_the_system_has(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("ты дурак 😀\n", "utf-8")
    screen = ["screener", "screen", "--screener", "embedded/linear", "--input", str(tmp_path / "in.txt")]
    for words in (screen, [*screen, "--output", "-"]):
        done = sro(words, stdout=subprocess.PIPE)
        assert done.returncode == 0 and "ты дурак 😀" in done.stdout.decode("utf-8")


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("cp1252", r"été \u0442\u044b \ud83d\ude00"),
        ("ascii:strict", r"\u00e9t\u00e9 \u0442\u044b \ud83d\ude00"),
        ("cp1252:replace", "été ?? ?"),
        (":replace", "été ты 😀"),
        (":", "été ты 😀"),
    ],
)
def test_an_encoding_that_the_user_names_is_used(tmp_path: Path, encoding: str, shown: str) -> None:
    (tmp_path / "in.txt").write_text("été ты 😀\n", "utf-8")
    words = [
        "screener",
        "screen",
        "--screener",
        "embedded/linear",
        "--input",
        str(tmp_path / "in.txt"),
        "--output",
        "-",
    ]
    done = sro(words, encoding=encoding, stdout=subprocess.PIPE)
    line = done.stdout.decode(encoding.partition(":")[0] or "utf-8")
    assert done.returncode == 0 and shown in line
    assert json.loads(line)["text"] == ("été ?? ?" if "?" in shown else "été ты 😀")


def test_a_terminal_gets_escapes_for_what_it_does_not_have(monkeypatch: pytest.MonkeyPatch, fake: Fake) -> None:
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding="cp1252")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    fake(lambda argv: print("é β") or 0)
    assert main(["train"]) == 0
    assert written.getvalue().decode("cp1252").split() == ["é", r"\u03b2"]


def test_other_errors_keep_their_traceback(fake: Fake) -> None:
    fake(lambda argv: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["train"])


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def absent(name: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(cli.importlib, "import_module", absent)
    assert main(["train"]) == 2
    assert "`sro train` needs torch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "fix"),
    [
        ("fastapi", "pip install -c constraints.txt -e '.[serve]'"),
        ("prometheus_client.core", "pip install -c constraints.txt -e '.[serve]'"),
        ("onnx", "pip install -c constraints.txt -e '.[encoder]'"),
        ("tokenizers", "sro doctor"),
    ],
)
def test_a_package_of_an_extra_that_is_missed_while_the_command_runs(
    fake: Fake, module: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(argv: list[str]) -> int:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    fake(run)
    assert main(["train"]) == 2
    package = module.partition(".")[0]
    assert f"`sro train` needs {package}, which is not installed\n  fix: {fix}" in capsys.readouterr().err


def test_a_module_of_ours_that_is_missing_is_a_fault(fake: Fake) -> None:
    def run(argv: list[str]) -> int:
        raise ModuleNotFoundError("No module named 'sro.gone'", name="sro.gone")

    fake(run)
    with pytest.raises(ModuleNotFoundError):
        main(["train"])


@pytest.mark.parametrize(
    ("argv", "value", "rest"),
    [
        (["--kind", "encoder", "--seed", "1"], "encoder", ["--seed", "1"]),
        (["--seed", "1", "--kind=encoder"], "encoder", ["--seed", "1"]),
        (["--output_dir", "encoder"], None, ["--output_dir", "encoder"]),
        (["--kind"], "", []),
    ],
)
def test_a_flag_on_which_the_others_depend(argv: list[str], value: str | None, rest: list[str]) -> None:
    from sro.apps.cli.subcommands import take_flag

    assert take_flag("--kind", argv) == (value, rest)


def test_a_folder_called_onnx_is_no_format(monkeypatch: pytest.MonkeyPatch) -> None:
    from sro.apps.cli import export as command

    monkeypatch.setattr(command, "run_onnx", lambda argv: pytest.fail("taken for --to onnx"))
    monkeypatch.setattr(command, "export", lambda arguments, words: None)
    assert command.run(["--to", "ctranslate2", "--output_dir", "onnx"]) == 0


def test_help_loads_no_heavy_library() -> None:
    code = "import sys; from sro.apps.cli import main; main(['--help'])\n"
    code += "heavy = {'torch', 'transformers', 'numpy', 'yaml'} & set(sys.modules); assert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_python_m_sro() -> None:
    done = subprocess.run([sys.executable, "-m", "sro", "--version"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout[:4]) == (0, "sro ")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are those of POSIX")
def test_a_reader_that_goes_away() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "sro", "--help"], stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_findings_end_with_their_mend() -> None:
    assert str(Finding("torch 2")) == "  ok    torch 2"
    assert str(Finding("no torch", "pip install torch")) == "  note  no torch: pip install torch"
    assert str(Finding("no torch", "pip install torch", fatal=True)) == "  FAIL  no torch: pip install torch"


def test_doctor_reports_every_section(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor", "--no-bench"])
    out = capsys.readouterr().out
    assert all(f"\n{title}\n" in out for title in ("packages", "embedded parts", "shipped assets", "hub", "machine"))
    assert "GFLOP" not in out
    assert status == ("  FAIL  " in out)
    assert ("The embedded demo can run: sro demo" in out) == (status == 0)


def test_doctor_finds_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def absent(name: str) -> Path:
        raise SROError(f"{name} is not installed")

    monkeypatch.setenv("SRO_CACHE", str(tmp_path))
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    mends = [finding.fix for finding in doctor.embedded_parts() if finding.fatal]
    assert mends == [f"pip install --no-deps {doctor.LEADER}", f"pip install --no-deps {doctor.ENCODER}"]
    (tmp_path / "SmolLM2-135M-Instruct").mkdir()
    (tmp_path / "SmolLM2-135M-Instruct" / "config.json").touch()  # converted once, the package is not needed any more
    assert [finding.fix for finding in doctor.embedded_parts() if finding.fatal] == mends[1:]

    monkeypatch.setattr(doctor, "files", lambda package: tmp_path)
    assert [finding.text.split(":")[0] for finding in doctor.assets() if finding.fatal] == PARTS_OF_THE_DEMO[:3]

    monkeypatch.setattr(doctor, "asset", absent)
    missing = [finding for finding in doctor.assets() if "sro-embedded" in finding.text and finding.fatal]
    assert [finding.text.split(":")[0] for finding in missing] == PARTS_OF_THE_DEMO[3:]
    assert (missing[1].text, missing[1].fix) == ("warmup: sro-embedded is not installed", doctor.INSTALL_EMBEDDED)

    monkeypatch.setattr(doctor, "version", lambda name: {"torch": "1.0"}.get(name, "99"))
    lacking = [finding for finding in doctor.packages() if finding.fatal]
    assert [finding.text.split(" is not ")[0] for finding in lacking] == ["torch 1.0"]
    assert lacking[0].fix.startswith('pip install "torch>=')


def test_doctor_outlives_a_missing_package() -> None:
    def check() -> list[Finding]:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    (finding,) = doctor._guarded(check)
    assert finding.fatal and finding.fix == "pip install torch"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError("libtorch_cpu.so: cannot open"), "FAIL  not checked further (OSError: libtorch_cpu.so: cannot open)"),
        (SROError("no home folder\n  fix: set SRO_CACHE"), "FAIL  not checked further, no home folder: set SRO_CACHE"),
    ],
)
def test_doctor_outlives_what_it_should_name(error: Exception, line: str) -> None:
    def check() -> Iterator[Finding]:
        yield Finding("well so far")
        raise error

    assert [str(finding).strip() for finding in doctor._guarded(check)] == ["ok    well so far", line]


def test_doctor_names_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "leader.gguf").touch()
    (tmp_path / "file").touch()
    package = SimpleNamespace(submodule_search_locations=[tmp_path])
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: package)
    for cache, fatal in (("file", True), ("new", False)):
        monkeypatch.setenv("SRO_CACHE", str(tmp_path / cache))
        [converted] = [finding for finding in doctor.embedded_parts() if "converted" in finding.text]
        assert converted.fatal == fatal and converted.fix == (
            "set SRO_CACHE to a folder that can be written" if fatal else ""
        )


def test_doctor_shows_settings_but_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "s3cret")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    text = "\n".join(map(str, doctor.hub(network=False)))
    assert "HF_HUB_OFFLINE=1" in text and "HF_TOKEN is set" in text and "s3cret" not in text
