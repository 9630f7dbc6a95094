"""Count the outcomes of the rows, and print the progress and the summary of a run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.table import Table

from sro.apps.bulk.shard_worker import ERROR, LEFT_OUT, Event

SECONDS = 10.0  # between two progress lines


@dataclass
class Tally:
    """The figures of a run.

    Attributes:
        passing: outcomes that leave a text which passes.
        shards, size: the total number of shards, and their bytes.
        before: rows by outcome in shards that an earlier run finished; `before_shards` and `before_size` likewise.
        stray: rows of this run whose bytes do not fit the encoding, by file.
    """

    passing: frozenset[str]
    shards: int
    size: int
    before: Counter[str] = field(default_factory=Counter)
    before_shards: int = 0
    before_size: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    done_shards: int = 0
    done_size: int = 0
    troubles: list[str] = field(default_factory=list)
    stray: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def see(self, event: Event) -> None:
        """Add an event to the counts."""
        self.counts.update(event.counts)
        self.stray.update(event.stray)
        self.done_size += event.finished or 0
        if event.trouble:
            self.troubles.append(event.trouble)
        elif event.finished is not None:
            self.done_shards += 1

    @property
    def seconds(self) -> float:
        """Seconds since this run started, including the loading of models."""
        return max(1e-9, (self.ended or time.monotonic()) - self.started)

    def progress(self) -> str:
        """Shards done, speed, time left and pass rate. The time left is known once a shard is done."""
        rows, rate = self.counts.total(), self.counts.total() / self.seconds
        parts = [f"{rows:,} rows", f"{rate:,.1f}/s" if rate < 100 else f"{rate:,.0f}/s"]
        if self.size:
            parts.append(f"{(self.before_size + self.done_size) / self.size:.0%} of the input")
        if self.done_size:
            left = self.size - self.before_size - self.done_size
            parts.append(f"{hours_minutes_seconds(left * self.seconds / self.done_size)} left")
        parts.append(f"{pass_rate(self.counts, self.passing)} pass")
        if errors := self.counts[ERROR]:
            parts.append(f"{errors:,} errors")
        return ", ".join(parts)


def watch_progress(tally: Tally, event: Event, said: float, say: Callable[[str], None]) -> float:
    """Add an event and print the progress if it is time to; return when the last progress line was printed."""
    tally.see(event)
    if time.monotonic() - said < SECONDS:
        return said
    say(tally.progress())
    return time.monotonic()


def pass_rate(counts: Counter[str], passing: frozenset[str]) -> str:
    """Share of passing rows among the rows that have an answer."""
    answered = sum(number for name, number in counts.items() if name not in (ERROR, LEFT_OUT))
    return f"{sum(counts[name] for name in passing) / answered:.1%}" if answered else "–"


def hours_minutes_seconds(seconds: float) -> str:
    """`h:mm:ss`."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def render_summary(tally: Tally) -> Table:
    """A table of this run beside all runs of the folder."""
    table = Table("", "this run", "in all", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    everything = tally.before + tally.counts
    pairs = [("rows", f"{tally.counts.total():,}", f"{everything.total():,}")]
    names = [name for name, number in everything.most_common() if number and name != ERROR]
    pairs += [(f"  {name}", f"{tally.counts[name]:,}", f"{everything[name]:,}") for name in (*names, ERROR)]
    pairs += [
        ("pass", pass_rate(tally.counts, tally.passing), pass_rate(everything, tally.passing)),
        ("shards", f"{tally.done_shards:,}", f"{tally.before_shards + tally.done_shards:,} of {tally.shards:,}"),
        ("time", hours_minutes_seconds(tally.seconds), ""),
        ("rows/s", f"{tally.counts.total() / tally.seconds:,.1f}", ""),
    ]
    for pair in pairs:
        table.add_row(*pair)
    return table
