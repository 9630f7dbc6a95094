"""`python -m sro` is `sro`."""

import sys

from sro.apps.cli import main

if __name__ == "__main__":
    sys.exit(main())
