"""`sro report`: one HTML page of a run or an experiment, to open, search, print and send.

sro report runs/mine
sro report runs/mine --score --output mine.html
"""

from __future__ import annotations

import argparse

from sro.core.machine import quiet_libraries
from sro.evaluation.report.page import write_report


def run(argv: list[str]) -> int:
    """Parse, write the page, print its path."""
    parser = argparse.ArgumentParser(
        prog="sro report",
        description="One self-contained HTML page: headline, tables, plots, a gallery, and the searchable sheet.",
    )
    parser.add_argument("folder", help="of a training run, an experiment or `sro evaluate --output_dir`")
    parser.add_argument("--output", metavar="FILE", help="the page (default: report.html in the folder)")
    parser.add_argument(
        "--score",
        action="store_true",
        help="if the run saved no scores, compute them with its own screener and sentence encoder",
    )
    options = parser.parse_args(argv)
    if options.score:
        quiet_libraries()
    print(write_report(options.folder, options.output, score=options.score))
    return 0
