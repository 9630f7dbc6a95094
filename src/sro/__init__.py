"""Text detoxification by Stackelberg response optimization (SRO, arXiv 2410.20298).

    from sro import Rewriter

    for rewrite in Rewriter.load().rewrite(["thank you for the edit", "you are an idiot"]):
        print(rewrite.status, rewrite.text)

The public names are those in `__all__`; each is imported when it is first used, so `import sro` needs neither torch
nor transformers. All else may change between releases.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sro.core.errors import SROError
    from sro.rewriting.config import RewriteArguments
    from sro.rewriting.result import Rewrite
    from sro.rewriting.rewriter import Rewriter
    from sro.screeners.base import Screener, Verdict
    from sro.screeners.loading import load_screener
    from sro.training.config import SROConfig
    from sro.training.trainer import SROTrainer

    __version__: str

__all__ = [
    "Rewrite",
    "RewriteArguments",
    "Rewriter",
    "SROConfig",
    "SROError",
    "SROTrainer",
    "Screener",
    "Verdict",
    "__version__",
    "load_screener",
]

_MODULE_OF = {
    "Rewrite": "sro.rewriting.result",
    "RewriteArguments": "sro.rewriting.config",
    "Rewriter": "sro.rewriting.rewriter",
    "SROConfig": "sro.training.config",
    "SROError": "sro.core.errors",
    "SROTrainer": "sro.training.trainer",
    "Screener": "sro.screeners.base",
    "Verdict": "sro.screeners.base",
    "load_screener": "sro.screeners.loading",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("sro")
    elif name in _MODULE_OF:
        value = getattr(import_module(_MODULE_OF[name]), name)
    else:
        raise AttributeError(f"module 'sro' has no attribute {name!r}; it has {', '.join(__all__)}")
    globals()[name] = value  # the next use does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
