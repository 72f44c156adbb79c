"""About how many tokens a text has, by its script: a middle estimate, without a tokenizer."""

from __future__ import annotations

from typing import Final

# Rules of thumb for multilingual vocabularies, on the careful side: four Latin letters a token, two
# of Cyrillic, Greek or Arabic, one Chinese, Japanese or Korean character, half an emoji. How many
# bytes UTF-8 takes for a character tells these apart, and counting bytes costs nothing.
_PER_BYTE_WIDTH: Final = {1: 0.25, 2: 0.5, 3: 1.0, 4: 2.0}


def script_tokens(text: str) -> float:
    """Estimate the tokens of a text; parts of a token add up over several texts."""
    length = len(text)
    if text.isascii():
        return length * _PER_BYTE_WIDTH[1]
    one = len(text.encode("ascii", "ignore"))
    utf_8 = len(text.encode("utf-8", "surrogatepass"))
    four = len(text.encode("utf-16-le", "surrogatepass")) // 2 - length
    # one + two + three + four = length, and one + 2 two + 3 three + 4 four = utf_8
    three = utf_8 - 2 * length + one - 2 * four
    two = length - one - three - four
    widths = ((1, one), (2, two), (3, three), (4, four))
    return sum(_PER_BYTE_WIDTH[width] * count for width, count in widths)
