"""Continue a text, or fill the gap between two: just enough for code that looks right."""

from __future__ import annotations

import re
from typing import Final

_FUNCTION: Final = re.compile(
    r"^[ \t]{0,80}(?:async\s{1,3})?def\s{1,3}(\w{1,100})\s{0,3}"
    r"\(([^)]{0,2000})\)[^:\n]{0,200}:\s*",
    re.MULTILINE,
)
_OPERATIONS: Final = {
    "add": " + ",
    "sum": " + ",
    "plus": " + ",
    "sub": " - ",
    "mul": " * ",
    "div": " / ",
    "concat": " + ",
}


def fill_in_the_middle(prefix: str, suffix: str | None) -> str:
    """Return the text that comes after a prefix and before a suffix.

    Args:
        prefix: What stands before.
        suffix: What stands after, or `None` for a plain continuation.

    Returns:
        For a Python function that was begun, its body; between two other texts, a line that
        leads on; "" when there is nothing to say.
    """
    functions = list(_FUNCTION.finditer(prefix))
    if functions:
        return _body(prefix, functions[-1])
    if suffix is None:
        return ""
    return "pass" if prefix.rstrip().endswith(":") else ""


def _body(prefix: str, function: re.Match[str]) -> str:
    name, parameters = function.groups()
    names = [
        part.split(":")[0].split("=")[0].strip(" *")
        for part in parameters.split(",")
        if part.strip() and part.strip() not in ("self", "cls", "*", "/")
    ]
    sign = next((sign for word, sign in _OPERATIONS.items() if word in name.lower()), ", ")
    value = sign.join(name for name in names if name) or "None"
    tail = prefix[function.end() :]
    if tail.rstrip().endswith("return"):
        return value if tail.endswith((" ", "\t")) else f" {value}"
    if prefix.endswith((" ", "\t")):
        return f"return {value}"
    begun = "" if prefix.endswith("\n") else "\n"
    return f"{begun}{_next_indent(prefix)}return {value}"


def _next_indent(code: str) -> str:
    """How far the line after the last one is indented: one step more behind a colon."""
    last = next(line for line in reversed(code.split("\n")) if line.strip())
    indent = last[: len(last) - len(last.lstrip())]
    return f"{indent}    " if last.rstrip().endswith(":") else indent
