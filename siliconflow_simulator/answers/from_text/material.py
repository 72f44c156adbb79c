"""What a text offers for filling in values: numbers, quotations, names, labelled values."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from siliconflow_simulator.answers.words import CJK, content_stems

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

PieceKind: TypeAlias = Literal["number", "quoted", "name"]

# Chinese stands without spaces beside what it speaks of, so a word ends where the script changes.
_LATIN: Final = rf"[^\W{CJK}]"
_NUMBER: Final = re.compile(
    rf"(?<!{_LATIN})(?<!\.)-?(?:\d{{1,3}}(?:,\d{{3}}){{1,8}}(?!\d)|\d{{1,64}})(?:\.\d{{1,64}})?"
    rf"(?!{_LATIN})"
)
_NUMBER_WORDS: Final[tuple[str, ...]] = tuple(
    "zero one two three four five six seven eight nine ten eleven twelve".split()
)
_WRITTEN_NUMBER: Final = re.compile(r"\b(" + "|".join(_NUMBER_WORDS[2:]) + r")\b", re.IGNORECASE)
_CLAUSE_END: Final = re.compile(r"[.;:?!\n]")
_LONGEST: Final = 20_000
"""Characters that are looked at."""

_MOST: Final = 1000
"""Pieces of each kind that are looked at."""

_QUOTED: Final = re.compile(
    r"\"([^\"\n]{1,200})\"|(?<!\w)'([^'\n]{1,200})'(?!\w)|“([^”\n]{1,200})”|‘([^’\n]{1,200})’"
    r"|「([^」\n]{1,200})」|『([^』\n]{1,200})』|《([^》\n]{1,200})》|`([^`\n]{1,200})`"
)
_CODE: Final = re.compile(
    rf"(?<!{_LATIN})(?=[A-Za-z0-9_-]{{0,63}}\d)(?=[A-Za-z0-9_-]{{0,63}}[A-Za-z])"
    r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?"
)
_CAPITAL_WORD: Final = rf"[A-Z](?:{_LATIN}|[’-]){{0,63}}"
_CAPITALISED: Final = re.compile(
    rf"(?<!{_LATIN})(?:[A-Z][a-z]{{0,2}}\.(?= [A-Z])|{_CAPITAL_WORD})"
    rf"(?: {{1,3}}(?:(?:of|de|von|van) {{1,3}})?{_CAPITAL_WORD}){{0,8}}"
    rf"(?:,\s[A-Z]{{2}}(?!{_LATIN})|,\s[A-Z][a-z]{{1,40}}(?=\s{{0,3}}[?.!]|\s{{0,3}}$))?"
)
_CJK_RUN: Final = re.compile(rf"[{CJK}]+")
_AMONG_CJK: Final = re.compile(
    rf"(?<=[{CJK}])[A-Za-z]{{1,40}}(?!{_LATIN})|(?<!{_LATIN})[A-Za-z]{{1,40}}(?=[{CJK}])"
)
_CJK_COMMON: Final = re.compile(
    "用中文|回答|中有|有多少|多少个|几个|哪个|更大|更小|等于|计算|比较|订单|怎么样|怎么|如何|什么|为什么|多少|现在|今天|明天|昨天|天气|气温|温度|时间|几点|查询|查一下|查找|搜索|查|帮我|"
    "请问|请|告诉|一下|以及|还有|我|你|的|在|是|和|与|及|吗|呢|吧|了|给|把|用|要|想|知道|の|は|を|が|に|で|と|天気|教えて"
)
_NOT_NAMES: Final = frozenset(
    """a add also an and answer are ask at be book by calculate call can change check compare
    compute convert could create delete describe did divide do does draw email explain extract
    fetch find for from generate get give had handoff has have hello hey hi how i if i'd i'll
    i'm i've in is it it's let list look make may monday multiply my name need no not now of ok
    on open or order our please question query read remember remind repeat respond return route
    run save say schedule search send set should show sorry subtract sum summarize take tell
    tuesday wednesday thursday friday saturday sunday january february march april june july
    august september october november december thank thanks that the then there they this to
    today tomorrow transfer translate try turn update use using very was we were what what's
    when where which who who's whose why will with would write yes you your""".split()
)
_PREPOSITION: Final = re.compile(
    r"\b(?:in|at|for|of|about|to|from|on|named|called|near|with)\s{1,3}((?!the\s(?:result|tool)\b)"
    r"[^,.;:?!\n]{1,100}?)(?=\s{1,3}(?:and|or|in|at|for|from|to|with|on|using|is|are|please|today|tomorrow|"
    r"now|right|by)\b|[,.;:?!\n]|\s{0,3}$)",
    re.IGNORECASE,
)
_VALUE: Final = (
    r"(?:\"([^\"\n]{1,200})\"|'([^'\n]{1,200})'|([^\s,;\n][^,;\n]{0,200}?))"
    r"(?=\s{0,3}(?:[,;\n]|[.!?](?:\s|$)|$)|\s{1,3}and\s)"
)


@dataclass(slots=True)
class Piece:
    """Something in the text that can become a value."""

    kind: PieceKind
    text: str
    start: int
    before: str
    used: bool = False

    @property
    def number(self) -> float:
        """The value of a number."""
        return float(self.text.replace(",", ""))


class Material:
    """A text as a source of values; each number, quotation and name is handed out once.

    Args:
        text: Where to look.
        question: Used whole where a text is wanted and nothing more precise is found.
        answer: Makes an answer to the question; called when a field asks for one.
        ignore: Words in lower case that are no names, whatever their first letter.
    """

    def __init__(
        self,
        text: str,
        *,
        question: str | None = None,
        answer: Callable[[], str] | None = None,
        ignore: Collection[str] = (),
    ) -> None:
        self.text = text = _excerpt(text)
        self.question = text.strip() if question is None else question
        self._answer = answer
        self._lowered = text.lower()
        found = (*_quoted(text), *_numbers(text), *_names(text, ignore))
        self.pieces = sorted(found, key=lambda piece: piece.start)

    @functools.cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all words of the text."""
        return frozenset(content_stems(self.text))

    def answer(self) -> str:
        """Return an answer to the question, or the question where there is none."""
        return (self._answer() if self._answer else "") or self.question

    @property
    def taken(self) -> int:
        """How many pieces have been handed out."""
        return sum(piece.used for piece in self.pieces)

    def has(self, kind: PieceKind) -> bool:
        """Tell whether a piece of a kind is left."""
        return any(piece.kind == kind and not piece.used for piece in self.pieces)

    def take(
        self,
        kind: PieceKind,
        *,
        after: Collection[str] = (),
        not_after: Collection[str] = (),
    ) -> Piece | None:
        """Hand out the next unused piece of a kind.

        Args:
            kind: What is wanted.
            after: Only a piece that follows one of these words.
            not_after: Only a piece that follows none of these words.
        """
        for piece in self.pieces:
            if piece.used or piece.kind != kind or piece.before in not_after:
                continue
            if after and piece.before not in after:
                continue
            piece.used = True
            return piece
        return None

    def take_number_near(self, names: Sequence[str]) -> Piece | None:
        """Hand out the unused number that stands beside one of the words."""
        names = [name for name in names if name in self._lowered]
        if not names:
            return None
        either = "|".join(re.escape(name) for name in names)
        beside = re.compile(
            rf"\b(?:{either})\w*\W{{0,3}}(?:is|are|was|of|to|equals|about)?\W{{0,3}}$",
            re.IGNORECASE,
        )
        following = re.compile(rf"\W{{0,2}}(?:{either})", re.IGNORECASE)
        for piece in self.pieces:
            if piece.used or piece.kind != "number":
                continue
            end = piece.start + len(piece.text)
            if beside.search(self.text[max(0, piece.start - 80) : piece.start]) or following.match(
                self.text, end
            ):
                piece.used = True
                return piece
        return None

    def labelled(self, names: Sequence[str]) -> str | None:
        """Return what the text says a field is: `city: Paris`, `the city is Paris`."""
        if not all(name in self._lowered for name in names):
            return None
        label = r"[\s_-]{0,3}".join(re.escape(name) for name in names)
        found = re.search(
            rf"\b{label}\b[\"'*`]{{0,3}}\s{{0,3}}"
            r"(?:[:：=]|\bis\b|\bwas\b|\bshould be\b|\bnamed\b|\bcalled\b)"
            rf"\s{{0,3}}{_VALUE}",
            self.text,
            re.IGNORECASE,
        )
        if not found:
            return None
        value = next(group for group in found.groups() if group is not None)
        for piece in self.pieces:
            if piece.text == value.strip():
                piece.used = True
        return value.strip()

    def after_preposition(self) -> str | None:
        """Return the words after the last `in`, `for`, `about` …, however they are written."""
        found = _PREPOSITION.findall(self.text)
        return found[-1].strip() if found else None


def _excerpt(text: str) -> str:
    """Leave out the middle of a text that is longer than what anyone fills a form from."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}\n{text[-half:]}"


def _before(text: str, start: int) -> str:
    near = text[max(0, start - 24) : start]
    # A word is "before" only within the clause.
    clause = _CLAUSE_END.split(near)[-1]
    words = re.findall(r"[A-Za-z]+", clause)
    return words[-1].lower() if words else ""


def _quoted(text: str) -> list[Piece]:
    found: list[Piece] = []
    for match in itertools.islice(_QUOTED.finditer(text), _MOST):
        value = next(group for group in match.groups() if group is not None)
        found.append(Piece("quoted", value.strip(), match.start(), _before(text, match.start())))
    return found


def _numbers(text: str) -> list[Piece]:
    codes = {at for match in _CODE.finditer(text) for at in range(*match.span())}
    found = [
        Piece("number", match.group(), match.start(), _before(text, match.start()))
        for match in itertools.islice(_NUMBER.finditer(text), _MOST)
        if match.start() not in codes
    ]
    if found:
        return found
    for match in itertools.islice(_WRITTEN_NUMBER.finditer(text), _MOST):
        value = str(_NUMBER_WORDS.index(match.group().lower()))
        found.append(Piece("number", value, match.start(), _before(text, match.start())))
    return found


def _names(text: str, ignore: Collection[str]) -> list[Piece]:
    taken = {at for match in _QUOTED.finditer(text) for at in range(*match.span())}
    found: list[Piece] = []

    def add(value: str, start: int) -> None:
        span = range(start, start + len(value))
        if len(found) < _MOST and taken.isdisjoint(span):
            taken.update(span)
            found.append(Piece("name", value, start, _before(text, start)))

    for match in _CAPITALISED.finditer(text):
        value, start = match.group(), match.start()
        # "What", "Add", "Monday": capitals that name nothing.
        while value:
            head = re.match(r"[\w’-]+", value)
            word = head.group().lower().replace("’", "'") if head else ""
            if head is None or (word not in _NOT_NAMES and word not in ignore):
                break
            rest = value[head.end() :].lstrip(" ,.\n'")
            start += len(value) - len(rest)
            value = rest
        while value and value.split()[-1].lower() in _NOT_NAMES:
            value = value[: -len(value.split()[-1])].rstrip()
        if len(value) > 1:
            add(value, start)
    for match in _CODE.finditer(text):
        add(match.group(), match.start())
    for match in _AMONG_CJK.finditer(text):
        if match.group().lower() not in _NOT_NAMES and match.group().lower() not in ignore:
            add(match.group(), match.start())
    for run in _CJK_RUN.finditer(text):
        position = run.start()
        for part in _CJK_COMMON.split(run.group()):
            if len(part) > 1:
                add(part, text.find(part, position))
    return found
