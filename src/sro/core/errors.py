"""The one exception that is meant for people: its message says what is wrong, where, and the mend."""


class SROError(Exception):
    """A mistake in input, configuration or environment that the user can mend.

    The command line prints the message without a traceback and exits with status 2; library callers may catch it.
    """
