"""The little of Protocol Buffers that ORC's footers need: messages taken apart into numbered fields."""

import struct
from typing import TypeAlias

from grid_assets.domain.errors import LakeError

Value: TypeAlias = int | bytes
Message: TypeAlias = dict[int, list[Value]]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_BITS = 70


def message(data: bytes) -> Message:
    """Return a message's fields by number, each with all of its values: whole numbers, or bytes as they are.

    Raises:
        LakeError: If the bytes are no message.
    """
    found: Message = {}
    position = 0
    try:
        while position < len(data):
            tag, position = _varint(data, position)
            value, position = _value(data, position, tag & 7)
            found.setdefault(tag >> 3, []).append(value)
    except (IndexError, struct.error) as error:
        raise _broken() from error
    return found


def number(of: Message, field: int, default: int = 0) -> int:
    """Return the last whole number of a field."""
    value = of[field][-1] if field in of else default
    return value if isinstance(value, int) else default


def signed(of: Message, field: int) -> int | None:
    """Return the last number of a field that is kept in zigzag form, None where there is none."""
    if field not in of:
        return None
    value = number(of, field)
    return (value >> 1) ^ -(value & 1)


def text_of(of: Message, field: int) -> str | None:
    """Return the last text of a field, None where there is none or it is no text."""
    value = of[field][-1] if field in of else None
    if not isinstance(value, bytes):
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def double_of(of: Message, field: int) -> float | None:
    """Return the last double of a field, None where there is none."""
    if field not in of:
        return None
    return float(struct.unpack("<d", number(of, field).to_bytes(8, "little"))[0])


def blobs(of: Message, field: int) -> list[bytes]:
    """Return all values of a field of bytes, texts or messages."""
    return [value for value in of.get(field, []) if isinstance(value, bytes)]


def messages(of: Message, field: int) -> list[Message]:
    """Return all values of a field of messages."""
    return [message(value) for value in blobs(of, field)]


def packed(of: Message, field: int) -> list[int]:
    """Return all numbers of a repeated field, packed into bytes or not."""
    found: list[int] = []
    for value in of.get(field, []):
        if isinstance(value, int):
            found.append(value)
            continue
        position = 0
        while position < len(value):
            one, position = _varint(value, position)
            found.append(one)
    return found


def _value(data: bytes, position: int, kind: int) -> tuple[Value, int]:
    if kind == _VARINT:
        return _varint(data, position)
    if kind == _FIXED64:
        return int(struct.unpack_from("<Q", data, position)[0]), position + 8
    if kind == _FIXED32:
        return int(struct.unpack_from("<I", data, position)[0]), position + 4
    if kind != _BYTES:
        raise _broken()
    length, position = _varint(data, position)
    if position + length > len(data):
        raise _broken()
    return data[position : position + length], position + length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follow
            return value, position
        shift += 7
        if shift >= _MOST_BITS:
            raise _broken()


def _broken() -> LakeError:
    return LakeError("bytes that are no message", "the footer of an ORC file, whole", "restore the file from a backup")
