"""Commands that have actions: `sro screener check`, `sro judge train`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sro.core.errors import SROError
from sro.core.suggestion import suggestion

Action = Callable[[list[str]], int]


def take_flag(flag: str, argv: list[str]) -> tuple[str | None, list[str]]:
    """Split off a flag on which the others depend: its value (None if not given), and the other words.

    >>> take_flag("--kind", ["--kind=encoder", "--seed", "1"]), take_flag("--to", ["--output_dir", "onnx"])
    (('encoder', ['--seed', '1']), (None, ['--output_dir', 'onnx']))
    """
    for at, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name == flag:
            behind = at + 1 if equals else at + 2
            return value if equals else "".join(argv[at + 1 : behind]), argv[:at] + argv[behind:]
    return None, argv


def run_action(actions: Mapping[str, Action], argv: list[str], *, prog: str, doc: str | None) -> int:
    """Run the action that the first word names, with the words after it.

    Args:
        actions: functions by name.
        prog: the command, e.g. "sro screener".
        doc: what the command's help prints below its usage.

    Returns:
        The action's exit status; 0 after `--help`, 2 if no action is named.

    Raises:
        SROError: there is no action of that name.
    """
    names = ",".join(actions)
    if not argv or argv[0] in ("-h", "--help"):
        print(f"usage: {prog} {{{names}}} ...   ({prog} {next(iter(actions))} --help tells more of each)\n\n{doc}")
        return 0 if argv else 2
    name = argv[0].replace("-", "_")
    if name not in actions:
        known = ", ".join(actions)
        raise SROError(f"{prog} has no action '{argv[0]}'{suggestion(name, actions)} (there are: {known})")
    return actions[name](argv[1:])
