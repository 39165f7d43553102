"""A kind of document as a Tantivy schema: which index fields each field has, and the hashes that tell schemas apart.

Roles become fields under their own name:

- EXACT: the word as it stands, for filters, and as a column for facets and sorting. With a weight it has a companion
  `<name>_words`, split and folded like full text; names of things (weight 2 and more) also `<name>_whole`, folded but
  not split, so that `lv-l001.ENERGY` is the whole of `LV-L001.energy`.
- WORDS: split at what is neither letter nor digit, lower case, accents folded.
- NUMBER, LATITUDE, LONGITUDE: float; COUNT: integer; TIME: date. All of them are columns too.
- DAY: an exact word such as `2016-03-27`, for facets; ranges and sorting go by `_day`, the same day as 20160327. A kind
  has at most one such field, `operating_day`.

Fields of our own: `id`; `_version`; `_day` (19700101 where there is none); `_high` and `_low`, the halves of the
checksum, whose sums stay exact however many documents a day has; `_removed`; and `_source`, the stored JSON object.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grid_assets.domain.search.fields import DocumentKind, Role, SearchField

if TYPE_CHECKING:
    from tantivy import Index, Schema, TextAnalyzer

FORMAT = 1
"""Raised whenever indices that were made before have to be made anew, whatever their kind says."""
WORDS_TOKENIZER, WHOLE_TOKENIZER, RAW_TOKENIZER = "words", "whole", "raw"
WHOLE_WEIGHT = 2.0
LONGEST_WORD = 200
ID, VERSION, DAY, HIGH, LOW, REMOVED, SOURCE = "id", "_version", "_day", "_high", "_low", "_removed", "_source"


@dataclass(frozen=True)
class IndexField:
    """One field of an index: `type` is text, float, integer, date, boolean or bytes."""

    name: str
    type: str
    tokenizer: str = ""
    is_stored: bool = False
    is_indexed: bool = True
    is_column: bool = True


OWN_FIELDS = (
    IndexField(ID, "text", RAW_TOKENIZER, is_stored=True),
    IndexField(VERSION, "integer", is_indexed=False),
    IndexField(DAY, "integer"),
    IndexField(HIGH, "integer", is_indexed=False),
    IndexField(LOW, "integer", is_indexed=False),
    IndexField(REMOVED, "boolean"),
    IndexField(SOURCE, "bytes", is_stored=True, is_indexed=False, is_column=False),
)
_PLAIN = {
    Role.NUMBER: "float",
    Role.LATITUDE: "float",
    Role.LONGITUDE: "float",
    Role.COUNT: "integer",
    Role.TIME: "date",
}


def words_name(field: SearchField) -> str | None:
    """Return the index field that plain text is looked for in, or None where it is not looked for in the field."""
    if field.weight <= 0:
        return None
    return {Role.WORDS: field.name, Role.EXACT: f"{field.name}_words"}.get(field.role)


def whole_name(field: SearchField) -> str | None:
    """Return the index field that holds a name of a thing folded but whole, or None for other fields."""
    return f"{field.name}_whole" if field.role is Role.EXACT and field.weight >= WHOLE_WEIGHT else None


def index_fields(kind: DocumentKind) -> tuple[IndexField, ...]:
    """Return every field of a kind's index, our own first."""
    return (*OWN_FIELDS, *(field for each in kind.fields for field in _fields_of(each)))


def _fields_of(field: SearchField) -> tuple[IndexField, ...]:
    if field.role is Role.WORDS:
        return (IndexField(field.name, "text", WORDS_TOKENIZER, is_column=False),)
    if field.role in _PLAIN:
        return (IndexField(field.name, _PLAIN[field.role]),)
    words, whole = words_name(field), whole_name(field)
    companions = [(words, WORDS_TOKENIZER), (whole, WHOLE_TOKENIZER)]
    made = (IndexField(name, "text", tokenizer, is_column=False) for name, tokenizer in companions if name)
    return (IndexField(field.name, "text", RAW_TOKENIZER), *made)


def build_schema(kind: DocumentKind) -> "Schema":
    """Return the Tantivy schema of a kind."""
    from tantivy import SchemaBuilder  # noqa: PLC0415 - only who searches loads the library

    builder = SchemaBuilder()
    for field in index_fields(kind):
        if field.type == "text":
            # Scores count by fields alone, so neither positions nor frequencies of words are kept.
            builder.add_text_field(field.name, field.is_stored, field.is_column, field.tokenizer, "basic")
        else:
            add = getattr(builder, f"add_{field.type}_field")
            add(field.name, stored=field.is_stored, indexed=field.is_indexed, fast=field.is_column)
    return builder.build()


def register_tokenizers(index: "Index") -> None:
    """Make the tokenizers known to an index that was just made or opened; both reading and writing need them."""
    for name in (WORDS_TOKENIZER, WHOLE_TOKENIZER):
        index.register_tokenizer(name, analyzer(name))


def analyzer(name: str) -> "TextAnalyzer":
    """Return what the words or the whole of a text become in an index; queries fold their words by the same."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer  # noqa: PLC0415 - only who searches loads the library

    tokenizer = {WORDS_TOKENIZER: Tokenizer.simple, WHOLE_TOKENIZER: Tokenizer.raw}[name]()
    built = TextAnalyzerBuilder(tokenizer).filter(Filter.remove_long(LONGEST_WORD))
    return built.filter(Filter.lowercase()).filter(Filter.ascii_fold()).build()


def shape_hash(kind: DocumentKind) -> str:
    """Return a hash of the index's fields: queries written for one shape can be asked of it alone."""
    return _hash(FORMAT, kind.name, index_fields(kind))


def schema_hash(kind: DocumentKind) -> str:
    """Return a hash of the fields and of the query: what decides whether an index holds what it would hold today."""
    fields = tuple((field.name, field.role.value, field.is_many) for field in kind.fields)
    return _hash(shape_hash(kind), fields, kind.sql)


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
