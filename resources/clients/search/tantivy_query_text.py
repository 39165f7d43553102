"""Words to find, as a scored query. Text is never parsed as a language of queries: every character is safe.

Every word has to be found somewhere, in any field that is searched. A word counts by the best place that it is found
in: the field's weight, times a share for how it is found. A name of a thing that is typed whole counts far more.

| found | share of the field's weight |
|---|---|
| as it was typed | 1 |
| as the beginning of a word (the last word typed only, while nothing follows it) | 1/2 |
| with one typo (words of letters, from 4 on; a swap of neighbours is one typo) | 1/4 |
| with two typos (from 8 letters on) | 1/8 |
| as the beginning of a word, with one typo (the last word only, from 6 letters on) | 1/16 |
| as what the field is called, such as `feeder` in `feeder LV-F03`, where the document has one | 1/16 |

Words that are typed as one, such as `val_spike`, count half of a field's weight more where they are all of its value.

Shares and weights are exact in binary, so equal finds have equal scores, on every index and in every order.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from grid_assets.domain.search.fields import Role, SearchField
from resources.clients.search.tantivy_query_target import Target, any_of, having
from resources.clients.search.tantivy_schema import (
    ID,
    WHOLE_TOKENIZER,
    WORDS_TOKENIZER,
    analyzer,
    whole_name,
    words_name,
)

if TYPE_CHECKING:
    from tantivy import Query

AS_TYPED, BEGINNING, ONE_TYPO, TWO_TYPOS, BEGINNING_WITH_TYPO = 1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16
CALLED_SO, WHOLE_CODE = 1 / 16, 1 / 2
WHOLE_NAME = 64.0
"""What a name that is typed whole adds, times the field's weight; the document's own id adds it too."""
LETTERS_FOR_ONE, LETTERS_FOR_TWO, LETTERS_FOR_BEGINNING = 4, 8, 6
_STEPS = 16
"""Weights count in sixteenths."""


def text_query(target: Target, text: str) -> "Query | None":
    """Return the scored query of some text, or None where it has no word and so finds all.

    Text without a letter or a digit finds what is named exactly so, which mostly is nothing.
    """
    from tantivy import Occur, Query  # noqa: PLC0415 - only who searches loads the library

    whole = text.strip()
    if not whole:
        return None
    words = [(chunk, _words(chunk)) for chunk in whole.split()]
    last = _last_word(text, words)
    parts = [(Occur.Must, _word(target, word, is_last=word is last)) for _, found in words for word in found]
    own = Query.const_score_query(target.term(ID, whole), WHOLE_NAME)
    if not parts:
        return any_of([*_named(target, whole), own])
    names = dict.fromkeys([whole, *(chunk for chunk, found in words if found)])
    bonus = [(Occur.Should, query) for name in names for query in _named(target, name)]
    bonus += [(Occur.Should, query) for chunk, found in words if len(found) > 1 for query in _codes(target, chunk)]
    return any_of([Query.boolean_query([*parts, *bonus]), own])


class _Word(str):
    """A folded word; two of the same letters at two places are two words."""

    __slots__ = ()


def _words(text: str) -> list[_Word]:
    return [_Word(word) for word in _analyzer(WORDS_TOKENIZER).analyze(text)]


def _last_word(text: str, words: Sequence[tuple[str, list[_Word]]]) -> _Word | None:
    """Return the word that is still being typed: the last one, where it ends the text."""
    return words[-1][1][-1] if words[-1][1] and text[-1:].isalnum() else None


def _word(target: Target, word: str, *, is_last: bool) -> "Query":
    """Return the query of one word in any field; its best place counts."""
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    found = [
        Query.const_score_query(query, _sixteenths(field.weight) * share)
        for field in target.kind.fields
        for name in (words_name(field),)
        if name is not None
        for query, share in _ways(target, name, word, is_last=is_last)
    ]
    found += [
        Query.const_score_query(having(field.name), _sixteenths(field.weight) * CALLED_SO)
        for field in target.kind.fields
        if field.role is Role.EXACT and field.weight and word in called(field)
    ]
    return Query.disjunction_max_query(found) if found else Query.empty_query()


def _ways(target: Target, name: str, word: str, *, is_last: bool) -> Iterator[tuple["Query", float]]:
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    yield target.term(name, word), AS_TYPED
    if is_last:
        yield Query.fuzzy_term_query(target.schema, name, word, 0, prefix=True), BEGINNING
    if not word.isalpha():  # another digit is another thing, not a typo
        return
    if len(word) >= LETTERS_FOR_ONE:
        yield Query.fuzzy_term_query(target.schema, name, word, 1), ONE_TYPO
    if len(word) >= LETTERS_FOR_TWO:
        yield Query.fuzzy_term_query(target.schema, name, word, 2), TWO_TYPOS
    if is_last and len(word) >= LETTERS_FOR_BEGINNING:
        yield Query.fuzzy_term_query(target.schema, name, word, 1, prefix=True), BEGINNING_WITH_TYPO


def called(field: SearchField) -> frozenset[str]:
    """Return the words that a field goes by: `feeder_id` is called feeder, `event_type` event."""
    return frozenset(field.name.split("_")) - {"id", "ids", "type"}


def _codes(target: Target, text: str) -> Iterator["Query"]:
    """Yield the queries of what has a code such as `VAL_SPIKE` as its whole value, typed so or in one case.

    Names of things have their own field for this, whatever their letters.
    """
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    variants = sorted({text, text.lower(), text.upper()})
    for field in target.kind.fields:
        if field.role is Role.EXACT and field.weight and whole_name(field) is None:
            found = Query.term_set_query(target.schema, field.name, variants)
            yield Query.const_score_query(found, _sixteenths(field.weight) * WHOLE_CODE)


def _named(target: Target, text: str) -> Iterator["Query"]:
    """Yield the queries of what is named exactly so, but for capitals and accents."""
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    for folded in _analyzer(WHOLE_TOKENIZER).analyze(text):
        for field, name in _names(target.kind.fields):
            yield Query.const_score_query(target.term(name, folded), WHOLE_NAME * _sixteenths(field.weight))


def _names(fields: Sequence[SearchField]) -> Iterator[tuple[SearchField, str]]:
    for field in fields:
        if (name := whole_name(field)) is not None:
            yield field, name


def _sixteenths(weight: float) -> float:
    return max(round(weight * _STEPS), 1) / _STEPS


@cache
def _analyzer(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the library's class is loaded late
    return analyzer(name)
