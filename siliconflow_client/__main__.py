"""`python -m siliconflow_client`: the same as the command `siliconflow`."""

from __future__ import annotations

import sys

from siliconflow_client.command.cli import main

if __name__ == "__main__":
    sys.exit(main())
