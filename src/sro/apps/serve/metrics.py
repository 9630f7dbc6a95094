"""Metrics for Prometheus: numbers, never texts. Each app has its own registry, so two apps in a process do not mix."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from sro.apps.serve.batch_queue import Lane

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters and histograms; `text()` is the answer of `/metrics`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, open files, CPU time
        PlatformCollector(registry=self.registry)
        self.requests = Counter("sro_requests", "Requests answered", ["path", "status"], registry=self.registry)
        self.seconds = Histogram(
            "sro_request_seconds", "Until the answer was sent", ["path"], buckets=SECONDS, registry=self.registry
        )
        self.verdicts = Counter("sro_verdicts", "Texts screened", ["label"], registry=self.registry)
        self.rewrites = Counter("sro_rewrites", "Texts rewritten or not", ["status"], registry=self.registry)
        self.feedback = Counter("sro_feedback", "Feedback kept", ["action"], registry=self.registry)
        self.shadow = Counter(
            "sro_shadow", "Requests to the service that this one replaces", ["outcome"], registry=self.registry
        )
        self.batches = Histogram(
            "sro_batch_items",
            "Items of a batch",
            ["part"],
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "sro_batch_seconds", "Time of a batch", ["part"], buckets=SECONDS, registry=self.registry
        )

    def lanes(self, lanes: Iterable[Lane]) -> None:
        """Show the lanes' queues and whether the lanes are ready."""
        queue = Gauge("sro_waiting", "Items in the queue", ["part"], registry=self.registry)
        ready = Gauge("sro_ready", "Whether the part is loaded", ["part"], registry=self.registry)
        for lane in lanes:
            queue.labels(lane.name).set_function(partial(getattr, lane, "waiting"))
            ready.labels(lane.name).set_function(partial(_ready, lane))

    def batch(self, part: str, items: int, seconds: float) -> None:
        """Count a finished batch; has the signature of `Lane.watch`."""
        self.batches.labels(part).observe(items)
        self.batch_seconds.labels(part).observe(seconds)

    def shadowed(self, outcome: str) -> None:
        """Count a request to the old service; fits `Shadow.start`."""
        self.shadow.labels(outcome).inc()

    def text(self) -> bytes:
        """All metrics, in Prometheus's text format."""
        return generate_latest(self.registry)


def _ready(lane: Lane) -> float:
    return float(lane.state == "ready")
