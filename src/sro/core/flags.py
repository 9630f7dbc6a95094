"""The fields of dataclasses as flags: their parser, its help, and a suggestion for an unknown flag.

`transformers.HfArgumentParser` makes the flags. Other modules use `sro.core.config`, not this module.
"""

import argparse
import copy
import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from sro.core.errors import SROError
from sro.core.suggestion import suggestion


def parsers(schema: tuple[Any, ...], prog: str, description: str, defaults: Mapping[str, Any]) -> tuple[Any, Any]:
    """Two parsers: one for `--config` and `--print-config`, which are needed first, and one for all flags.

    Args:
        defaults: values that the help shows instead of the dataclasses' own defaults.
    """
    from transformers import HfArgumentParser  # imported here, because it takes half a second

    class Parser(HfArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise SROError(f"{message} (`{prog} --help` lists the flags)")

    own = Parser(prog=prog, add_help=False, allow_abbrev=False)
    own.add_argument(
        "--config", action="append", default=[], metavar="FILE", help="YAML file; flags override it, as do later files"
    )
    own.add_argument(
        "--print-config",
        nargs="?",
        const="changed",
        choices=["changed", "all"],
        help="print the resolved configuration as YAML (=all: defaults too) and exit",
    )
    look: dict[str, Any] = {
        "usage": f"{prog} [--config FILE] [--flag value ...]",
        "formatter_class": partial(_Help, defaults=defaults),
    }
    parser = Parser(schema, prog=prog, description=description, parents=[own], allow_abbrev=False, **look)
    foreign = {name for cls in schema for name in _foreign(cls)}
    if foreign:
        parser.epilog = "Every field of transformers.TrainingArguments is a flag too; --print-config=all lists them."
    parser._negative_number_matcher = re.compile(r"-\.?\d")  # argparse's own takes the value -1e-3 for a flag
    for action in parser._actions:
        if action.dest in foreign:
            action.help = argparse.SUPPRESS
        if action.required:  # `parse` checks this: it knows the files, and reports unknown flags first
            action.required, action.default = False, argparse.SUPPRESS
    return own, parser


def _foreign(cls: Any) -> set[str]:
    """Fields that transformers declares: a hundred. In the help they would hide the command's own flags."""
    bases = [base for base in cls.__mro__ if base.__module__.startswith("transformers.")]
    theirs = [f for base in bases if dataclasses.is_dataclass(base) for f in dataclasses.fields(base)]
    return {f.name for f in fields_of(cls) if any(f is one for one in theirs)}


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows one spelling of each flag, and its default or that it is required."""

    def __init__(self, *args: Any, defaults: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._defaults = defaults

    def _expand_help(self, action: argparse.Action) -> str:
        meant = copy.copy(action)
        meant.default = self._defaults.get(action.dest, action.default)
        return super()._expand_help(meant)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        once = copy.copy(action)
        if action.option_strings and action.option_strings[0].startswith("--"):
            once.option_strings = action.option_strings[:1]  # of --label_names and --label-names
        return super()._format_action_invocation(once)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is argparse.SUPPRESS and action.dest != "help":
            return f"{action.help} (required)"
        if action.const is False:  # HfArgumentParser adds this flag for one that is on by default
            return f"turns --{action.dest} off"
        return action.help if action.default in (None, [], "") else super()._get_help_string(action)


def refuse_flags(words: Sequence[str], schema: tuple[Any, ...]) -> NoReturn:
    """Raise SROError for words of a command line that no parser knew, with the flag that was probably meant."""
    names = [f.name for cls in schema for f in fields_of(cls)]
    for word in words:
        if word.startswith("--"):
            name = word[2:].partition("=")[0]
            raise SROError(f"unknown flag '--{name}'{suggestion(name.replace('-', '_'), names)}")
    raise SROError(f"unexpected word '{words[0]}' on the command line; values follow a flag: --name value")


def fields_of(cls_or_config: Any) -> list[dataclasses.Field[Any]]:
    """The fields of a dataclass that can be set."""
    return [f for f in dataclasses.fields(cls_or_config) if f.init]
