"""Forgets what an earlier build left: setuptools would pack all of it, with files that have been removed since."""

import shutil
from pathlib import Path

from setuptools import setup

shutil.rmtree(Path(__file__).parent / "build" / "lib", ignore_errors=True)
setup()
