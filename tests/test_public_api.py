"""`from sro import …`: the public names, what they are, and that importing the package costs next to nothing."""

from __future__ import annotations

import ast
import doctest
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import sro


def test_every_public_name_is_the_object_of_its_module() -> None:
    assert set(sro.__all__) == {*sro._MODULE_OF, "__version__"}
    for name, module in sro._MODULE_OF.items():
        found = getattr(sro, name)
        assert found is getattr(sys.modules[module], name)
        assert found.__module__ == module, f"{name} is defined in {found.__module__}, not in {module}"
    assert sro.__version__ == version("sro")


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(str(sro.__file__)).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {a.name: n.module for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert imported == sro._MODULE_OF


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Rewritter'; it has Rewrite, RewriteArguments"):
        sro.Rewritter  # noqa: B018


def test_importing_sro_and_the_light_names_loads_no_model_library() -> None:
    code = (
        "import sys, sro; from sro import Verdict, Screener, SROError, load_screener, Rewrite, RewriteArguments; "
        "print(sorted({'torch', 'transformers', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", sorted(sro._MODULE_OF))
def test_every_public_name_has_an_example_that_runs(name: str) -> None:
    public = getattr(sro, name)
    module = sys.modules[public.__module__]
    finder = doctest.DocTestFinder(recurse=False)
    [found] = finder.find(public, name, module=module, globs={**vars(module), "sro": sro})
    assert found.examples, f"{name} has no example in its docstring"
    assert doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(found).failed == 0


def test_public_names_have_docstrings() -> None:
    for name in sro._MODULE_OF:
        assert len((getattr(sro, name).__doc__ or "").split()) >= 8, f"{name} has no docstring worth reading"
