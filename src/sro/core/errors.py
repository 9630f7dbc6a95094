"""The one exception class of the package."""


class SROError(Exception):
    """A mistake. The message says what is wrong, where (file and line), and after `fix:` how to correct it.

    The command line prints the message and exits with status 2; no traceback is needed to understand it.

        >>> from sro import RewriteArguments
        >>> RewriteArguments(min_similarity=2)
        Traceback (most recent call last):
        ...
        sro.core.errors.SROError: min_similarity=2 must be in [-1, 1]
    """
