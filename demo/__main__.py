"""Answer a question from documents, through LangChain and then through LlamaIndex.

`make demo`, `make demo QUESTION="How do I compress a file with gzip?"`, `make demo DOCS=folder`.
"""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""


def main() -> int:
    """Run the demo; Ctrl-C ends it with one line, at any time."""
    try:
        from demo.session import main as run

        return run()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        # What is left in the buffer would fail once more at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"The output cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
