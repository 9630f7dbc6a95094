"""Which of the known names was probably meant by one that is not among them."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, names: Iterable[str]) -> str:
    """An end for a message, "; did you mean 'beta' or 'betas'?", or nothing where no name comes near."""
    names = list(names)
    near = difflib.get_close_matches(word, names, n=3)
    near += [name for name in names if len(word) > 3 and word in name and name not in near][: 3 - len(near)]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
