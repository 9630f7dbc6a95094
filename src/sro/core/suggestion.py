"""Suggest the known name that was probably meant by an unknown one."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, names: Iterable[str]) -> str:
    """The end of a message, "; did you mean 'beta' or 'betas'?", or "" if no name is similar."""
    names = list(names)
    near = difflib.get_close_matches(word, names, n=3)
    near += [name for name in names if len(word) > 3 and word in name and name not in near][: 3 - len(near)]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
