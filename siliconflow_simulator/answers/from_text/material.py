"""What a text offers for filling in values: numbers, quotations, names, labelled values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from siliconflow_simulator.answers.words import CJK

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
    r"\b(?:in|at|for|of|about|to|from|on|named|called|near|with)\s+((?!the\s+(?:result|tool)\b)"
    r"[^,.;:?!\n]+?)(?=\s+(?:and|or|in|at|for|from|to|with|on|using|is|are|please|today|tomorrow|"
    r"now|right|by)\b|[,.;:?!\n]|\s*$)",
    re.IGNORECASE,
)
_VALUE: Final = (
    r"(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s,;\n][^,;\n]*?))(?=\s*(?:[,;\n]|[.!?](?:\s|$)|$)|\s+and\s)"
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
        self.text = text
        self.question = text.strip() if question is None else question
        self._answer = answer
        found = (*_quoted(text), *_numbers(text), *_names(text, ignore))
        self.pieces = sorted(found, key=lambda piece: piece.start)

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
            if beside.search(self.text[: piece.start]) or following.match(self.text, end):
                piece.used = True
                return piece
        return None

    def labelled(self, names: Sequence[str]) -> str | None:
        """Return what the text says a field is: `city: Paris`, `the city is Paris`."""
        label = r"[\s_-]*".join(re.escape(name) for name in names)
        found = re.search(
            rf"\b{label}\b[\"'*`]*\s*(?:[:：=]|\bis\b|\bwas\b|\bshould be\b|\bnamed\b|\bcalled\b)"
            rf"\s*{_VALUE}",
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


def _before(text: str, start: int) -> str:
    words = re.findall(r"[A-Za-z]+", text[max(0, start - 24) : start])
    # A word is "before" only within the clause.
    gap = re.search(r"[.;:?!\n]\W*$", text[:start])
    return words[-1].lower() if words and not gap else ""


def _quoted(text: str) -> list[Piece]:
    found: list[Piece] = []
    for match in _QUOTED.finditer(text):
        value = next(group for group in match.groups() if group is not None)
        found.append(Piece("quoted", value.strip(), match.start(), _before(text, match.start())))
    return found


def _numbers(text: str) -> list[Piece]:
    codes = [match.span() for match in _CODE.finditer(text)]
    found = [
        Piece("number", match.group(), match.start(), _before(text, match.start()))
        for match in _NUMBER.finditer(text)
        if not any(low <= match.start() < high for low, high in codes)
    ]
    if found:
        return found
    for match in re.finditer(r"\b(" + "|".join(_NUMBER_WORDS[2:]) + r")\b", text, re.IGNORECASE):
        value = str(_NUMBER_WORDS.index(match.group().lower()))
        found.append(Piece("number", value, match.start(), _before(text, match.start())))
    return found


def _names(text: str, ignore: Collection[str]) -> list[Piece]:
    taken: list[tuple[int, int]] = [match.span() for match in _QUOTED.finditer(text)]
    found: list[Piece] = []

    def add(value: str, start: int) -> None:
        end = start + len(value)
        if not any(start < high and low < end for low, high in taken):
            taken.append((start, end))
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
