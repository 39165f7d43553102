"""ORC's bloom filters: whether a row group can hold a value, by the hashes that every writer of ORC uses."""

import struct
from dataclasses import dataclass

from resources.clients.engines.orc.protobuf import Message, blobs, number, packed

_SEED = 104729
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
_WHOLE = (1 << 64) - 1
_SIGN = 1 << 63


@dataclass(frozen=True)
class BloomFilter:
    """The bits of one row group and column; `hashes` is how many of them each value sets."""

    hashes: int
    bits: int
    words: tuple[int, ...]

    def can_contain(self, value_hash: int) -> bool:
        """Return whether a value of that hash can be among the rows; False is certain."""
        if not self.bits:
            return True
        first, second = _int32(value_hash), _int32(value_hash >> 32)
        for n in range(1, self.hashes + 1):
            combined = _int32(first + n * second)
            position = (~combined if combined < 0 else combined) % self.bits
            if not self.words[position >> 6] >> (position & 63) & 1:
                return False
        return True


def bloom_filter(of: Message) -> BloomFilter:
    """Return a bloom filter as it stands in the index of a stripe."""
    raw = blobs(of, 3)
    words = struct.unpack(f"<{len(raw[-1]) // 8}Q", raw[-1]) if raw else _fixed(of)
    return BloomFilter(number(of, 1), len(words) * 64, words)


def hash_of_text(text: str) -> int:
    """Return the hash of a text's UTF-8 bytes: the first half of Murmur3 of 128 bits, as ORC has it."""
    data = text.encode()
    state, whole = _SEED, len(data) & ~7
    for (block,) in struct.iter_unpack("<Q", data[:whole]):
        state ^= _mixed(block)
        state = (_rotated(state, 27) * 5 + 0x52DCE729) & _WHOLE
    if rest := data[whole:]:
        state ^= _mixed(int.from_bytes(rest, "little"))
    return _finished(state ^ len(data))


def hash_of_whole(value: int) -> int:
    """Return the hash of a whole number, or of a date as its days since 1970."""
    key = value & _WHOLE
    key = (~key + (key << 21)) & _WHOLE
    key ^= _shifted(key, 24)
    key = (key + (key << 3) + (key << 8)) & _WHOLE
    key ^= _shifted(key, 14)
    key = (key + (key << 2) + (key << 4)) & _WHOLE
    key ^= _shifted(key, 28)
    return (key + (key << 31)) & _WHOLE


def _fixed(of: Message) -> tuple[int, ...]:
    return tuple(packed(of, 2)) if 2 in of else ()  # noqa: PLR2004 - the field of older writers


def _mixed(block: int) -> int:
    return (_rotated((block * _C1) & _WHOLE, 31) * _C2) & _WHOLE


def _finished(state: int) -> int:
    state ^= state >> 33
    state = (state * 0xFF51AFD7ED558CCD) & _WHOLE
    state ^= state >> 33
    state = (state * 0xC4CEB9FE1A85EC53) & _WHOLE
    return state ^ (state >> 33)


def _rotated(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _WHOLE


def _shifted(key: int, by: int) -> int:
    """Shift right as a signed number, which keeps the sign."""
    return ((key - (1 << 64) if key & _SIGN else key) >> by) & _WHOLE


def _int32(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value
