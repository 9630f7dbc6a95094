"""Settings of `sro serve`: one dataclass, read from YAML and flags."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass, field

from sro.comments.languages import checked_codes
from sro.rewriting.config import ServedModels

ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")
ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~/\-]*)?")


@dataclass(kw_only=True)
class Models(ServedModels):
    """Which parts to load, with names as in `sro rewrite`, and the threshold from which a text fails.

    Raises:
        SROError: a value that `ServedModels` refuses, or a language that is never detected.
    """

    rewrite: bool = field(default=True, metadata={"help": "load the leader; without it the server screens only"})
    languages: list[str] = field(
        default_factory=list,
        metadata={"help": "languages that the screener reads, such as en de (default: those that it names itself)"},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.languages = checked_codes(self.languages)


@dataclass
class Service:
    """Where the server listens, who may use it, and its limits.

    Raises:
        ValueError: a number out of range; an address that other machines reach, or CORS for any origin, without a file
            of keys; or an invalid origin or address.
    """

    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on; others than loopback need --keys"})
    port: int = field(default=8000, metadata={"help": "port to listen on; 0: any free port"})
    keys: str | None = field(
        default=None, metadata={"help": "file of API keys, hashed (`sro serve add-key NAME --keys FILE` makes one)"}
    )
    rate: int = field(default=0, metadata={"help": "requests per minute for each key; 0: no limit"})
    cors: list[str] = field(
        default_factory=list,
        metadata={"help": "origins whose pages may call the API, e.g. https://forum.example.org (default: none)"},
    )
    feedback: str | None = field(
        default=None,
        metadata={
            "help": "SQLite file that keeps feedback, or a PostgreSQL database that several services share, e.g. "
            "postgresql://sro@db.example.org/sro; by default no feedback is taken"
        },
    )
    shadow: str | None = field(
        default=None,
        metadata={
            "help": "address of the service that this one replaces, e.g. https://commentanalyzer.googleapis.com: it "
            "gets the comments too, and both scores, but no texts, are saved for `sro screener thresholds`"
        },
    )
    shadow_pairs: str = field(default="pairs.jsonl", metadata={"help": "file that gets the pairs of --shadow"})
    drop_unknown_attributes: bool = field(
        default=False, metadata={"help": "leave out Perspective attributes that the screener lacks, without an error"}
    )
    max_requests: int = field(
        default=512, metadata={"help": "most requests at the same time; further ones get 503 with Retry-After"}
    )
    max_body: int = field(default=1 << 20, metadata={"help": "largest request body, in bytes"})
    max_texts: int = field(default=1000, metadata={"help": "most texts in a request"})
    max_text: int = field(default=20_480, metadata={"help": "longest text, in bytes of UTF-8 (Perspective's limit)"})
    time_limit: float = field(
        default=30.0, metadata={"help": "seconds in which a request, or a piece of a stream, must be answered"}
    )
    screen_queue: int = field(
        default=4096, metadata={"help": "most texts waiting to be screened; further requests get 429"}
    )
    rewrite_queue: int = field(
        default=256, metadata={"help": "most texts waiting to be rewritten; further requests get 429"}
    )
    rewrite_batch: int = field(default=16, metadata={"help": "texts rewritten together"})
    log_texts: bool = field(default=False, metadata={"help": "write comments to the log"})

    def __post_init__(self) -> None:
        sizes = ("max_requests", "max_body", "max_texts", "max_text", "screen_queue", "rewrite_queue", "rewrite_batch")
        for name in sizes:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if not 1 <= self.time_limit < math.inf:  # so written, it refuses NaN too
            raise ValueError("time_limit must be a number of seconds, at least 1")
        if self.rate < 0:
            raise ValueError("rate must be at least 0 (no limit)")
        if self.keys is None and not is_loopback(self.host):
            raise ValueError(
                f"{self.host} can be reached from elsewhere, so requests need keys\n"
                "  fix: sro serve add-key NAME --keys keys.txt, and --keys keys.txt here"
            )
        if self.shadow is not None and not ADDRESS.fullmatch(self.shadow):
            raise ValueError(
                f"shadow: {self.shadow!r} is no address of a service\n  fix: https://commentanalyzer.googleapis.com"
            )
        for origin in self.cors:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"cors: {origin!r} is no origin\n"
                    "  fix: as browsers send it, in small letters and without path or slash at the end: "
                    "https://forum.example.org, http://localhost:3000"
                )
        if "*" in self.cors and self.keys is None:
            raise ValueError("cors: * lets any web page send requests to this server, so they need keys (--keys)")


SCREEN_BATCH = 64
"""Texts screened in one call: some ten milliseconds of NB-LR, which is the longest wait of a short request."""
LAST_BATCH = 5.0
"""Seconds in which running batches may finish when the server stops."""
UNIT = 200
"""Characters that count as one text in queues and batches."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
