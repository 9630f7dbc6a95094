"""The command `sro`: one module per subcommand, imported only when it is the one asked for.

Each module has `run(argv) -> int`, which parses, calls one library function and prints. So `sro --help` answers at
once, without importing torch.

Exit status: 0 success, 1 success with a negative answer (see the subcommand), 2 an error that the message names,
130 interrupted, 141 the reader of the output closed it.
"""

import codecs
import importlib
import io
import json
import logging
import os
import re
import sys
from collections.abc import Sequence

from sro.core.errors import SROError

COMMANDS = {
    "demo": "learn and rewrite with the embedded parts, offline, in minutes",
    "rewrite": "rewrite toxic comments: screen, rewrite, screen again, best of N or refuse",
    "train": "train a leader by Stackelberg response optimization, from unpaired comments",
    "warmup": "turn any language model into a rewriter, without parallel data",
    "evaluate": "score rewrites with the protocols of ParaDetox and CLEF, with intervals and baselines",
    "screener": "train, check and use the screener that gives the verdicts",
    "fluency": "teach a follower to tell whole sentences from broken ones, from unlabelled sentences",
    "judge": "train and check the judges that evaluate, independent of the screener",
    "experiment": "test the paper's claims: against peers, under wrong verdicts, and by ablation",
    "report": "one HTML page of a run or an experiment: tables, plots, every sentence, worst first",
    "serve": "screen and rewrite over HTTP, also for clients of Perspective and of OpenAI's moderations",
    "mcp": "screen and rewrite as tools for assistants (Model Context Protocol)",
    "feedback": "export what people did with suggestions, as input for the next round",
    "export": "a leader with its adapter merged, for CTranslate2, vLLM or llama.cpp; compared with the original",
    "doctor": "what is installed, what is missing, and the command that fixes it",
}


class _Lines(logging.Handler):
    """Prints the library's log as plain lines on standard error; standard output holds only results."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"sro: {record.getMessage()}", file=sys.stderr, flush=True)


_LINES = _Lines(logging.INFO)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `sro` with these arguments (default: the process's own) and return the exit status."""
    logging.getLogger("sro").addHandler(_LINES)  # does nothing if the handler is already added
    logging.getLogger("sro").setLevel(logging.INFO)
    words = list(sys.argv[1:] if argv is None else argv)
    _prepare_standard_output()
    try:
        try:
            return _dispatch(words)
        finally:
            _flush_standard_output()
    except SROError as error:
        print(f"sro: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sro: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `sro rewrite ... | head`
        _drop_standard_output()
        return 141
    except OSError as error:  # a disk, a network or a permission is at fault, so a traceback would not help
        print(f"sro: error: {error}", file=sys.stderr)
        return 2


def _prepare_standard_output() -> None:
    """Let standard output take every character. Its encoding is that of `PYTHONIOENCODING` or of the terminal, else
    UTF-8. Characters that the encoding lacks are escaped, or treated as `PYTHONIOENCODING` says after its colon."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        wanted, _, _ = os.environ.get("PYTHONIOENCODING", "").partition(":")
        encoding = sys.stdout.encoding if wanted or sys.stdout.isatty() else "utf-8"
        codecs.register_error(JSON_ESCAPES, _as_json_escapes)
        own = sys.stdout.errors or "strict"
        errors = own if _takes_every_character(encoding, own) else JSON_ESCAPES
        sys.stdout.reconfigure(encoding=encoding, errors=errors)


def _takes_every_character(encoding: str, errors: str) -> bool:
    """Whether this error handler writes something for characters that an encoding lacks, instead of raising."""
    try:
        "\ud800".encode(encoding, errors)  # half a character, which no encoding has
    except UnicodeEncodeError:
        return False
    return True


JSON_ESCAPES = "sro-json-escapes"


def _as_json_escapes(error: UnicodeError) -> tuple[str, int]:
    """The error handler that writes `\\u00e9` for é, also within JSON, where Python's own `\\xe9` is not allowed."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _flush_standard_output() -> None:
    """Flush here, so that a closed pipe or a full disk does not show while the interpreter shuts down."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_standard_output()
        raise SROError(f"standard output cannot be written: {error.strerror}") from error


def _drop_standard_output() -> None:
    """Write to nowhere what is still in the buffer, because the interpreter flushes it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(words: list[str]) -> int:
    if not words:
        print(_help(), file=sys.stderr)
        return 2
    command, rest = words[0], words[1:]
    if command in ("-h", "--help", "help"):
        print(_help())
        return 0
    if command in ("-V", "--version"):
        from importlib.metadata import version

        print(f"sro {version('sro')}")
        return 0
    if command not in COMMANDS:
        from sro.core.suggestion import suggestion

        kind = "option" if command.startswith("-") else "command"
        raise SROError(f"unknown {kind} '{command}'{suggestion(command, COMMANDS)} (`sro --help` lists the commands)")
    try:
        module = importlib.import_module(f"sro.apps.cli.{command}")
        status: int = module.run(rest)  # imports what only this command needs, such as a web server
    except ModuleNotFoundError as error:
        package = (error.name or "sro").partition(".")[0]
        if package == "sro":
            raise  # a bug in this package, not in its installation
        extra = _extra_with(package)
        fix = f"pip install -c constraints.txt -e '.[{extra}]'   (in a checkout of sro)" if extra else "sro doctor"
        raise SROError(f"`sro {command}` needs {package}, which is not installed\n  fix: {fix}") from error
    return status


def _extra_with(package: str) -> str | None:
    """The first extra of sro that installs a package; None if no extra does, or if sro was not installed by pip."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("sro") or []
    except PackageNotFoundError:
        return None
    wanted = re.compile(rf"{package.replace('_', '[-_]')}\b(?!-).*extra == ['\"](\w+)['\"]", re.IGNORECASE)
    return next((found[1] for line in lines if (found := wanted.match(line))), None)


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {line}" for name, line in COMMANDS.items()]
    return "\n".join(
        [
            "usage: sro COMMAND [--flag value ...]",
            "",
            "Text detoxification by Stackelberg response optimization: learn to rewrite from a screener's verdicts.",
            "",
            *lines,
            "",
            "`sro COMMAND --help` tells more; `sro --version` prints the version.",
        ]
    )
