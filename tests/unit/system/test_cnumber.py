from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.system.cnumber import atoi, strtoul

NUMBERS = st.from_regex(rb"[ \t]{0,2}[+-]?[0-9]{0,25}[a-z ]?", fullmatch=True)


@given(NUMBERS)
def test_atoi_is_that_of_the_c_library(text: bytes) -> None:
    """A number in a configuration file is what C's atoi makes of it, overflow included."""
    libc = ctypes.CDLL(None)
    libc.strtol.restype = ctypes.c_long
    wide = libc.strtol(ctypes.c_char_p(text), None, 10)
    assert atoi(text) == ctypes.c_int(wide).value


@given(NUMBERS)
def test_strtoul_accepts_what_the_c_library_reads_to_the_end(text: bytes) -> None:
    """A whole text is a number exactly when C's strtoul stops at its end without an overflow."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.strtoul.restype = ctypes.c_ulong
    buffer = ctypes.create_string_buffer(text)
    end = ctypes.c_char_p()
    ctypes.set_errno(0)
    number = libc.strtoul(buffer, ctypes.byref(end), 10)
    overflow = ctypes.get_errno() == 34  # ERANGE
    expected = None if end.value or overflow else number
    # A text without any number is "not at its end" for C as well, unless it is empty.
    assert strtoul(text) == expected


@pytest.mark.parametrize(("text", "number"), [(b"", 0), (b"9" * 5000, -1), (b"0" * 5000 + b"7", 7)])
def test_any_length_is_read(text: bytes, number: int) -> None:
    """Neither nothing nor thousands of digits trip the parser."""
    assert atoi(text) == number
