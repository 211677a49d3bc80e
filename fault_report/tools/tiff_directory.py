"""Directories of TIFF, the format of EXIF and of lists of pictures inside a JPEG."""

import struct

from .budget import TooComplexError

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ENTRY = 12


def get_order(block, start=0):
    """Return the byte order of the block at `start`, as `struct` writes it."""
    return "<" if block[start : start + 2] == b"II" else ">"


def get_byte_order(block, start=0):
    """Return the byte order of the block at `start`, as `int` reads it."""
    return "little" if get_order(block, start) == "<" else "big"


def iterate_entries(block, start, offset, budget):
    """Iterate over position, tag, size and value of the entries of a directory.

    Each uses one step of the budget.

    :raises struct.error: if the block ends before the directory
    :raises TooComplexError: if the budget is used up
    """
    order = get_order(block, start)
    (count,) = struct.unpack_from(f"{order}H", block, start + offset)
    for index in range(count):
        budget.spend()
        entry = start + offset + 2 + _ENTRY * index
        tag, kind, amount, value = struct.unpack_from(f"{order}HHII", block, entry)
        yield entry, tag, SIZES.get(kind, 1) * amount, value


def get_first_directory(block, start=0):
    """Return the offset of the first directory from the start of the block."""
    return struct.unpack_from(f"{get_order(block, start)}I", block, start + 4)[0]


def check_directory(block, budget):
    """Check the first directory for entries that share one large value.

    Pillow copies or unpacks the value for each of them.

    :raises TooComplexError: if they add up to many times the size of the block
    """
    allowed = 4 * len(block) + 4096
    try:
        offset = get_first_directory(block)
        for _entry, _tag, size, _value in iterate_entries(block, 0, offset, budget):
            # A reader stops at the end of the block
            allowed -= min(size, len(block)) if size > 4 else 0
            if allowed < 0:
                raise TooComplexError
    except struct.error:
        # Other readers stop there as well
        return
