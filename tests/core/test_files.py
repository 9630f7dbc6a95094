"""Parts that ship are found wherever they are installed, and the package itself stays small."""

import json
from importlib import resources
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.core.files import asset, to_json_line


def test_an_asset_ships_with_sro_or_with_the_package_of_larger_parts() -> None:
    assert (asset("rewriter") / "adapter_config.json").is_file()
    assert (asset("warmup") / "adapter_config.json").is_file()
    assert asset("starter/mild_words.txt").is_file()
    with pytest.raises(SROError, match=r"'no_such_part' of sro-embedded is not installed\n  fix: pip install"):
        asset("no_such_part")


def test_what_ships_with_sro_itself_stays_small() -> None:
    files = [file for file in Path(str(resources.files("sro"))).rglob("*") if "__pycache__" not in file.parts]
    assert (
        sum(file.stat().st_size for file in files if file.is_file()) < 19e6
    )  # unpacked; the wheel, which must stay below 15, is smaller still


def test_a_line_of_json_is_one_for_strict_readers_too() -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    nan, inf = float("nan"), float("inf")
    line = to_json_line({"a": nan, "b": [1.5, (-inf,)], "c": {"d": inf, "e": "é"}, "f": resources, "g": "NaN"})
    read = json.loads(line, parse_constant=refuse)
    assert read == {"a": None, "b": [1.5, [None]], "c": {"d": None, "e": "é"}, "f": str(resources), "g": "NaN"}
    with pytest.raises(ValueError, match="digits"):
        to_json_line({"a": 10**5000})
    assert json.loads(to_json_line({"a": nan, "b": "half \ud83d"})) == {"a": None, "b": "half \ud83d"}
