"""How many steps does a backtracking matcher take? Counted, not timed, so a test of it cannot flake.

Python's `re` parses a pattern into a tree; here the tree is walked as its engine walks it, in the same order, and each
node that is tried is one step. The engine has short cuts, so the steps are no milliseconds; but where their number
grows with the square of a text, so does the time on the text that the short cut does not fit.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    if sys.version_info >= (3, 11):
        from re import _compiler as compiler
        from re import _constants as names
        from re import _parser as parser
    else:
        import sre_compile as compiler
        import sre_constants as names
        import sre_parse as parser

BOUND = 3  # what a quantifier's bound of more counts as: a bound is a bound, and short texts will do
Then = Callable[[int], "int | None"]


class Steps:
    """One pattern; `scan` does what `finditer` does and says how many steps it took."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.tree = parser.parse(pattern.pattern, pattern.flags)
        self.flags = pattern.flags
        self.count, self.text = 0, ""
        self.groups: dict[int, str] = {}
        self.single: dict[int, re.Pattern[str]] = {}

    def scan(self, text: str, once: bool = False) -> int:
        """The steps over the whole text, or with `once` those of a match at its beginning."""
        self.count, self.text, self.groups = 0, text, {}
        at = 0
        while at <= (0 if once else len(text)):
            end = self.sequence(list(self.tree), at, lambda here: here)
            at = at + 1 if end is None or end == at else end
        return self.count

    def sequence(self, nodes: list[Any], at: int, then: Then) -> int | None:
        if not nodes:
            return then(at)
        self.count += 1
        (kind, value), rest = nodes[0], nodes[1:]
        if kind in (names.MAX_REPEAT, names.MIN_REPEAT):
            return self.repeat(
                value, at, lambda here: self.sequence(rest, here, then), greedy=kind is names.MAX_REPEAT
            )
        if kind is names.BRANCH:
            found = (self.sequence([*branch, *rest], at, then) for branch in value[1])
            return next((end for end in found if end is not None), None)
        if kind is names.SUBPATTERN:
            number, _, _, inner = value

            def close(here: int) -> int | None:
                self.groups[number] = self.text[at:here]
                return self.sequence(rest, here, then)

            return self.sequence(list(inner), at, close)
        if kind in (names.ASSERT, names.ASSERT_NOT):
            direction, inner = value
            start = at - inner.getwidth()[0] if direction < 0 else at
            held = start >= 0 and self.sequence(list(inner), start, lambda here: here) is not None
            return self.sequence(rest, at, then) if held == (kind is names.ASSERT) else None
        if kind is names.GROUPREF:
            said = self.groups.get(value, "\0none")
            return self.sequence(rest, at + len(said), then) if self.text.startswith(said, at) else None
        width = self.one(nodes[0], at)
        return None if width is None else self.sequence(rest, at + width, then)

    def one(self, node: Any, at: int) -> int | None:
        """The width of a node of at most one character that fits at `at`, by the engine itself."""
        if id(node) not in self.single:
            self.single[id(node)] = compiler.compile(parser.SubPattern(parser.State(), [node]), self.flags)
        found = self.single[id(node)].match(self.text, at)
        return None if found is None else found.end() - at

    def repeat(self, value: Any, at: int, then: Then, *, greedy: bool) -> int | None:
        least, most, inner = value
        most = int(most) if int(most) <= BOUND else most if most is names.MAXREPEAT else BOUND
        nodes, ends = list(inner), [at]
        if len(nodes) == 1 and nodes[0][0] in (names.IN, names.LITERAL, names.NOT_LITERAL, names.ANY, names.CATEGORY):
            if not greedy:
                while (end := then(ends[-1]) if len(ends) > least else None) is None:
                    self.count += 1
                    if len(ends) > most or (width := self.one(nodes[0], ends[-1])) is None:
                        return None
                    ends.append(ends[-1] + width)
                return end
            while len(ends) <= most and (width := self.one(nodes[0], ends[-1])) is not None:
                self.count += 1
                ends.append(ends[-1] + width)
            found = (then(end) for end in reversed(ends[least:]))
            return next((end for end in found if end is not None), None)
        return self.group(nodes, at, then, least, most, greedy, 0)

    def group(
        self, nodes: list[Any], at: int, then: Then, least: int, most: Any, greedy: bool, done: int
    ) -> int | None:
        def again() -> int | None:
            if done >= most:
                return None
            return self.sequence(
                nodes,
                at,
                lambda here: None if here == at else self.group(nodes, here, then, least, most, greedy, done + 1),
            )

        for go in (again, lambda: then(at)) if greedy else (lambda: then(at), again):
            if (go is again or done >= least) and (end := go()) is not None:
                return end
        return None
