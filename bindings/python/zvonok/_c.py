"""The twelve functions of zvonok.h as ctypes sees them, and how the library is found.

Nothing here decides anything; a test compares it with the header.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import c_char_p, c_int32, c_size_t, c_uint32, c_void_p
from pathlib import Path

ABI_VERSION = 1

log_fn = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p, c_size_t)
progress_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, c_int32, c_uint32, c_uint32)


class Host(ctypes.Structure):
    """zvonok_host."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("abi_version", c_uint32),
        ("user_data", c_void_p),
        ("log", log_fn),
        ("progress", progress_fn),
    ]


host_p = ctypes.POINTER(Host)
session_p = c_void_p
session_pp = ctypes.POINTER(c_void_p)
size_p = ctypes.POINTER(c_size_t)

FUNCTIONS = {
    "zvonok_abi_version": (c_uint32, []),
    "zvonok_version": (c_char_p, []),
    "zvonok_strerror": (c_char_p, [c_int32]),
    "zvonok_open": (c_int32, [c_char_p, c_size_t, host_p, session_pp]),
    "zvonok_sync": (c_int32, [session_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "zvonok_sync_path": (c_int32, [session_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "zvonok_request": (c_int32, [session_p, c_char_p, c_size_t]),
    "zvonok_reply": (c_char_p, [session_p, size_p]),
    "zvonok_cancel": (c_int32, [session_p]),
    "zvonok_close": (c_int32, [session_p]),
    "zvonok_run_task": (c_int32, [c_char_p, c_size_t, host_p, session_pp]),
    "zvonok_check": (c_int32, [c_char_p, c_size_t, c_char_p, c_size_t, session_pp]),
}


def load(path: str | os.PathLike[str] | None) -> ctypes.CDLL:
    """Loads the library and tells ctypes what its functions take."""
    library = ctypes.CDLL(os.fspath(path) if path is not None else _found())
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


def _found() -> str:
    """`ZVONOK_LIBRARY`, else a library beside this file, else what the system finds by name."""
    named = os.environ.get("ZVONOK_LIBRARY")
    if named:
        return named
    windows = sys.platform == "win32"
    name = "zvonok.dll" if windows else f"libzvonok.so.{ABI_VERSION}"
    for beside in (name, "libzvonok.so"):
        file = Path(__file__).resolve().parent / beside
        if file.exists():
            return str(file)
    return name
