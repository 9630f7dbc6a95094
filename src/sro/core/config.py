"""Configuration from dataclasses: each field is a key of the YAML file and a flag of the command line.

    @dataclass
    class Work:
        data: str = field(metadata={"help": "comments to learn from"})
        beta: float = field(default=0.1, metadata={"help": "how far the leader may move from its reference"})

    work = parse(Work, ["--config", "run.yaml", "--beta", "0.2"], prog="sro train", description="Train a leader.")

Flags override the values of `run.yaml`. `--print-config` prints the result as a file that `--config` can read again.
Several dataclasses share one flat file and one command line, so their field names must differ.
`transformers.HfArgumentParser` makes the flags, so they behave as users of transformers and TRL expect. In addition,
an error message says where a mistake is and which name was probably meant.

YAML is read as YAML 1.1 (PyYAML): `no` is false and `2e-5` is text. If text is expected, `no` is refused with a hint.
If a number is expected, `2e-5` is converted to the number.
"""

import argparse
import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints, overload

import yaml

from sro.core.config_values import convert_value, describe_type, format_value
from sro.core.errors import SROError
from sro.core.flags import fields_of, parsers, refuse_flags
from sro.core.provenance import is_secret
from sro.core.suggestion import suggestion

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
Defaults = Mapping[str, Any] | None


@overload
def parse(classes: type[A], argv: Sequence[str], *, prog: str, description: str, defaults: Defaults = None) -> A: ...
@overload
def parse(
    classes: tuple[type[A], type[B]], argv: Sequence[str], *, prog: str, description: str, defaults: Defaults = None
) -> tuple[A, B]: ...
@overload
def parse(
    classes: tuple[type[A], type[B], type[C]],
    argv: Sequence[str],
    *,
    prog: str,
    description: str,
    defaults: Defaults = None,
) -> tuple[A, B, C]: ...
@overload
def parse(
    classes: tuple[type[A], type[B], type[C], type[D]],
    argv: Sequence[str],
    *,
    prog: str,
    description: str,
    defaults: Defaults = None,
) -> tuple[A, B, C, D]: ...
@overload
def parse(
    classes: tuple[type[A], type[B], type[C], type[D], type[E]],
    argv: Sequence[str],
    *,
    prog: str,
    description: str,
    defaults: Defaults = None,
) -> tuple[A, B, C, D, E]: ...
@overload
def parse(
    classes: tuple[type[A], type[B], type[C], type[D], type[E], type[F]],
    argv: Sequence[str],
    *,
    prog: str,
    description: str,
    defaults: Defaults = None,
) -> tuple[A, B, C, D, E, F]: ...
def parse(classes: Any, argv: Sequence[str], *, prog: str, description: str, defaults: Defaults = None) -> Any:
    """Make instances of dataclasses from a command line and the configuration files it names.

    Args:
        classes: one dataclass, or a tuple of two to six whose field names differ.
        argv: the flags, without the program's name. `--config FILE` may be repeated, later files override earlier.
        prog: how the command is called, e.g. "sro train"; for help and messages.
        description: what the command does, for `--help`.
        defaults: values that replace the dataclasses' own defaults; files and flags override them.

    Returns:
        An instance of `classes`, or a tuple of instances if `classes` is a tuple.

    Raises:
        SROError: a file that cannot be read, an unknown name, a value of the wrong type, a required value missing, or
            a combination that the dataclass itself refuses (its ValueError).
        SystemExit: status 0 after `--help` or `--print-config`.
    """
    several = isinstance(classes, tuple)
    schema: tuple[Any, ...] = classes if several else (classes,)
    values: dict[str, Any] = dict(defaults or {})
    if not argv and not any(set(_required(cls)) - values.keys() for cls in schema):  # no parser is needed
        configs = _made(schema, values, prog)
        return configs if several else configs[0]
    own, parser = parsers(schema, prog, description, defaults or {})
    asked, flags = own.parse_known_args(list(argv))
    for file in asked.config:
        values.update(read_yaml(file, schema))
    # Not `set_defaults`: argparse would convert text defaults like flags, but these values are converted already.
    merged, rest = parser.parse_known_args(flags, argparse.Namespace(**values))
    if rest:
        refuse_flags(rest, schema)
    missing = [name for cls in schema for name in _required(cls) if name not in merged]
    if missing:
        hint = f"give --{missing[0]}, or a line `{missing[0]}: ...` in a --config file"
        raise SROError(f"{prog} needs {' and '.join(missing)}: {hint}")
    configs = _made(schema, vars(merged), prog)
    if asked.print_config:
        print(f"# {prog} --config FILE")
        print(to_yaml(configs, everything=asked.print_config == "all", defaults=defaults), end="")
        raise SystemExit(0)
    return configs if several else configs[0]


def _made(schema: tuple[Any, ...], values: Mapping[str, Any], prog: str) -> tuple[Any, ...]:
    """Make the dataclasses from these values by field name; a field without a value keeps its own default."""
    try:
        return tuple(cls(**{f.name: values[f.name] for f in fields_of(cls) if f.name in values}) for cls in schema)
    except ValueError as error:
        raise SROError(f"{prog}: {error}") from error


def to_yaml(configs: Any, *, everything: bool = True, defaults: Defaults = None) -> str:
    """Configuration as YAML that `parse` reads back.

    Args:
        configs: a dataclass instance or a tuple of them.
        everything: False leaves out fields that have their default value; required fields stay.
        defaults: values that replace the dataclasses' own defaults, as in `parse`.
    """
    flat = to_plain_dict(configs, everything=everything, defaults=defaults)
    return yaml.safe_dump(flat, sort_keys=False, allow_unicode=True, width=119)


def to_plain_dict(configs: Any, *, everything: bool = True, defaults: Defaults = None) -> dict[str, Any]:
    """Configuration as one flat dictionary of plain values (text, numbers, lists, …), without credentials.

    Arguments as in `to_yaml`. A run's manifest holds this dictionary.
    """
    flat: dict[str, Any] = {}
    for config in configs if isinstance(configs, tuple) else (configs,):
        usual = {} if everything else _usual(config, defaults or {})
        for f in fields_of(config):
            value = _plain(getattr(config, f.name))
            if not is_secret(f.name) and not (f.name in usual and usual[f.name] == value):
                flat[f.name] = value
    return flat


def read_yaml(path: str | Path, schema: Iterable[Any]) -> dict[str, Any]:
    """Values of a flat YAML file, each checked against the field with the same name.

    Args:
        path: the file; UTF-8.
        schema: the dataclasses with the fields that the file may set.

    Raises:
        SROError: with file and line: no such file, no valid YAML, no mapping, an unknown or repeated key, a value of
            the wrong type.
    """
    try:
        loader = yaml.SafeLoader(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SROError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SROError(f"{path}: not a text file in UTF-8: {error}") from error
    fields = {f.name: (f, hint) for cls in schema for f, hint in _hinted(cls)}
    values: dict[str, Any] = {}
    try:
        node = loader.get_single_node()
        if node is None:  # an empty file sets nothing
            return values
        if not isinstance(node, yaml.MappingNode):
            raise SROError(f"{path}:{node.start_mark.line + 1}: expected lines of `key: value`")
        # Key by key, because a dictionary does not keep the line numbers and the repeated keys.
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "[...]"
            where = f"{path}:{key_node.start_mark.line + 1}"
            if key not in fields:
                raise SROError(f"{where}: unknown key '{key}'{suggestion(key, fields)}")
            if key in values:
                raise SROError(f"{where}: '{key}' is set twice in this file")
            try:
                value = loader.construct_object(value_node, deep=True)
            except (ValueError, ArithmeticError, LookupError, AttributeError) as error:  # 2024-13-45, `!!int ""`
                why = f": {error}" if type(error) is ValueError else ""
                raise SROError(
                    f"{where}: '{key}' looks like a date or a number and is none{why}"
                    "\n  fix: put the value in quotes if it is text"
                ) from error
            values[key] = _checked(key, value, *fields[key], where)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SROError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except RecursionError as error:
        raise SROError(f"{path}: nested too deeply; want lines of `key: value`") from error
    return values


def _required(cls_or_config: Any) -> list[str]:
    return [f.name for f in fields_of(cls_or_config) if f.default is f.default_factory is dataclasses.MISSING]


def _hinted(cls: Any) -> list[tuple[dataclasses.Field[Any], Any]]:
    hints = get_type_hints(cls)
    return [(f, hints[f.name]) for f in fields_of(cls)]


def _checked(key: str, value: Any, f: dataclasses.Field[Any], hint: Any, where: str) -> Any:
    """Return `value` in the type of the field, or raise SROError. As in HfArgumentParser, a field may have `choices`
    and a `const`, the value of a flag that is given without a value."""
    if "const" in f.metadata and value == f.metadata["const"]:
        return value
    try:
        value = convert_value(value, hint)
    except TypeError:
        wanted = f"must be {describe_type(hint)}"
    else:
        if value is None or "choices" not in f.metadata or value in f.metadata["choices"]:
            return value
        wanted = f"must be one of {', '.join(map(str, f.metadata['choices']))}"
    message = f"{where}: '{key}' {wanted}, not {format_value(value)}"
    if isinstance(value, bool):
        message += " (if a word was meant: YAML reads yes, no, on and off as true and false unless they are in quotes)"
    raise SROError(message)


def _plain(value: Any) -> Any:
    """A field's value in the types that YAML and JSON have."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _usual(config: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields with a default if only the required fields are given."""
    required = _required(config)
    given = {f.name: defaults[f.name] for f in fields_of(config) if f.name in defaults}
    given |= {name: getattr(config, name) for name in required}
    try:  # an instance rather than the declared defaults, because TrainingArguments rewrites many when it is made
        usual = type(config)(**given)
    except ValueError:  # the defaults contradict each other: show every field
        return {}
    return {f.name: _plain(getattr(usual, f.name)) for f in fields_of(config) if f.name not in required}
