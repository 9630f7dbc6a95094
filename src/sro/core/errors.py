"""The one exception class of the package, and a check that raises it."""


class SROError(Exception):
    """A mistake. The message says what is wrong, where (file and line), and after `fix:` how to correct it.

    The command line prints the message and exits with status 2; no traceback is needed to understand it.

        >>> from sro import RewriteArguments
        >>> RewriteArguments(min_similarity=2)
        Traceback (most recent call last):
        ...
        sro.core.errors.SROError: min_similarity=2 must be in [-1, 1]
    """


def within(name: str, value: object, holds: bool, bounds: str) -> None:
    """Raise SROError with the setting and its bounds, unless `holds`."""
    if not holds:
        raise SROError(f"{name}={value} must be {bounds}\n  fix: --{name} {bounds}")
