"""Errors: number and text are libc's, and each is a new object."""

from __future__ import annotations

import ctypes
import socket

import pytest

from steadydns.contract.errors import LookupFailed, gaierror
from steadydns.resolution.walk import HOST_NOT_FOUND, NO_DATA, NO_RECOVERY, TRY_AGAIN

REASONS = {
    HOST_NOT_FOUND: socket.EAI_NONAME,
    NO_DATA: socket.EAI_NODATA,
    TRY_AGAIN: socket.EAI_AGAIN,
    NO_RECOVERY: socket.EAI_NONAME,
}


@pytest.mark.parametrize("reason", REASONS)
def test_number_and_text_are_libcs(reason: str) -> None:
    """The text is what gai_strerror(3) of the running libc says for the number."""
    libc = ctypes.CDLL(None)
    libc.gai_strerror.restype = ctypes.c_char_p
    error = gaierror(reason)
    assert error.args == (REASONS[reason], libc.gai_strerror(int(REASONS[reason])).decode())
    assert error.errno == error.args[0]
    assert type(error) is socket.gaierror


def test_every_error_is_a_new_one() -> None:
    """Raised twice, an exception would grow its traceback."""
    assert gaierror(NO_DATA) is not gaierror(NO_DATA)


def test_the_cause_is_no_oserror() -> None:
    """What rides on __cause__ can never be caught in place of the error."""
    assert not issubclass(LookupFailed, OSError)
