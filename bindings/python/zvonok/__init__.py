"""A school's messenger chats follow the school's own data.

    import zvonok

    library = zvonok.Library("/opt/zvonok/libzvonok.so")
    with library.open({"state": "/var/lib/school/zvonok.db", ...}) as session:
        report = session.sync(roster).document
        chats = session.request({"method": "chats.list", "actor": "system"}).document

Requests and replies are plain dicts; what they hold is told in the library's README. A call that
failed raises Error; a call that finished with something to look at returns a Reply whose code is
PARTIAL or HELD.
"""

from __future__ import annotations

import ctypes
import json
import os
import threading
from enum import IntEnum
from types import TracebackType
from typing import Any, Callable, Mapping, NamedTuple, Union

from . import _c

__all__ = ["Code", "Error", "Library", "LogLevel", "Phase", "Reply", "Session"]


class Code(IntEnum):
    """What a call returned. Later versions of the library may have more."""

    OK = 0
    PARTIAL = 1
    HELD = 2
    BAD_HANDLE = -1
    BAD_ARGUMENT = -2
    BUSY = -3
    LOCKED = -4
    CONFIG = -5
    ROSTER = -6
    PROFILE = -7
    STATE = -8
    PLATFORM = -9
    AUTH = -10
    DENIED = -11
    REQUEST = -12
    CANCELLED = -13
    INTERNAL = -14


class LogLevel(IntEnum):
    """How much a log line matters."""

    ERROR = 1
    WARNING = 2
    INFO = 3
    DEBUG = 4


class Phase(IntEnum):
    """What a cycle is at."""

    READING = 1
    CHECKING = 2
    APPLYING = 3


Document = Mapping[str, Any]
# A document as a dict, or as JSON text of the caller's own making.
Text = Union[Document, str, bytes]
Log = Callable[[int, str], object]
# A true answer cancels the call.
Progress = Callable[[int, int, int], object]


class Reply(NamedTuple):
    """What a call came to and the document that it left."""

    code: int
    text: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


class Error(Exception):
    """A call failed. `code` is a Code, `ru` and `en` are the sentence, `faults` what is wrong where."""

    def __init__(self, code: int, document: Document) -> None:
        message = document.get("message", {})
        self.code = code
        self.document = document
        self.name: str = document.get("name") or _name(code)
        self.ru: str = message.get("ru", "")
        self.en: str = message.get("en", "")
        self.faults: list[dict[str, Any]] = document.get("faults", [])
        self.retryable: bool = document.get("retryable", False)
        super().__init__(code, document)

    def __str__(self) -> str:
        return f"{self.name} ({int(self.code)}): {self.en}"


class Library:
    """The loaded library. Without a path: `ZVONOK_LIBRARY`, the package's own, the system's."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._c = _c.load(path)
        if self.abi_version() != _c.ABI_VERSION:
            found = self.abi_version()
            raise ImportError(f"zvonok speaks interface {found}, not {_c.ABI_VERSION}")

    def abi_version(self) -> int:
        return int(self._c.zvonok_abi_version())

    def version(self) -> str:
        """The library's version and what is inside, in one line, for support."""
        return str(self._c.zvonok_version().decode())

    def describe(self, code: int) -> str:
        """One English sentence for a code."""
        return str(self._c.zvonok_strerror(code).decode())

    def open(
        self, config: Text, log: Log | None = None, progress: Progress | None = None
    ) -> Session:
        """Opens a session. The callbacks hear of every call on it."""
        return self._started("zvonok_open", _encoded(config), log, progress)

    def run_task(
        self, settings: Text, log: Log | None = None, progress: Progress | None = None
    ) -> Session:
        """A scheduler's whole job; the report is the session's reply.

        Bytes go as they are: a settings text may be in windows-1251.
        """
        return self._started("zvonok_run_task", _encoded(settings), log, progress)

    def check(self, config: Text, roster: Text | None = None) -> Reply:
        """Looks for every fault without the state file and the network. Faults raise nothing."""
        text = _encoded(config)
        data = None if roster is None else _encoded(roster)
        out = ctypes.c_void_p()
        code = self._c.zvonok_check(text, len(text), data, len(data or b""), ctypes.byref(out))
        session = Session(self._c, out, _Callbacks(None, None))
        with session:
            reply = Reply(_known(code), session._reply_text())
        if code < 0 and code not in (Code.CONFIG, Code.PROFILE, Code.ROSTER):
            raise Error(_known(code), reply.document)
        return reply

    def _started(
        self, function: str, text: bytes, log: Log | None, progress: Progress | None
    ) -> Session:
        callbacks = _Callbacks(log, progress)
        out = ctypes.c_void_p()
        start = getattr(self._c, function)
        code = start(text, len(text), ctypes.byref(callbacks.host), ctypes.byref(out))
        session = Session(self._c, out, callbacks)
        try:
            session._finished(code)
        except BaseException:
            session.close()
            raise
        return session


class Session:
    """An open session; a context manager. One call at a time, from any thread."""

    def __init__(self, c: ctypes.CDLL, handle: ctypes.c_void_p, callbacks: _Callbacks) -> None:
        self._c = c
        self._handle: ctypes.c_void_p | None = handle
        self._callbacks = callbacks
        self._inside = threading.Lock()
        self._last = Reply(Code.OK, "{}")

    @property
    def reply(self) -> Reply:
        """What the last call on this session came to."""
        return self._last

    def sync(self, roster: Text, options: Text = b"") -> Reply:
        """One cycle with a roster."""
        text, more = _encoded(roster), _encoded(options)
        return self._call("zvonok_sync", text, len(text), more, len(more))

    def sync_path(self, path: str | os.PathLike[str], options: Text = b"") -> Reply:
        """One cycle with the roster at an absolute path: JSON, or a folder or zip of CSV."""
        text, more = os.fspath(path).encode("utf-8", "surrogateescape"), _encoded(options)
        return self._call("zvonok_sync_path", text, len(text), more, len(more))

    def request(self, request: Text) -> Reply:
        """One question or order from the host's screens."""
        text = _encoded(request)
        return self._call("zvonok_request", text, len(text))

    def cancel(self) -> None:
        """Ends the running call soon; from any thread, also from a callback."""
        self._checked(self._c.zvonok_cancel(self._handle))

    def close(self) -> None:
        """Ends the session. A second time is fine; while a call runs it raises BUSY."""
        with self._alone():
            self._checked(self._c.zvonok_close(self._handle))
            self._handle = None

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._handle:
            self._c.zvonok_close(self._handle)

    def _call(self, function: str, *arguments: object) -> Reply:
        with self._alone():
            return self._finished(getattr(self._c, function)(self._handle, *arguments))

    def _alone(self) -> _Alone:
        return _Alone(self)

    def _finished(self, code: int) -> Reply:
        """Takes the reply, before anybody else can call; a callback's exception goes first."""
        self._last = Reply(_known(code), self._reply_text())
        self._callbacks.rethrow()
        if code < 0:
            raise Error(self._last.code, self._last.document)
        return self._last

    def _reply_text(self) -> str:
        text: bytes = self._c.zvonok_reply(self._handle, None)
        return text.decode()

    def _checked(self, code: int) -> None:
        """For calls that leave no document."""
        if code < 0:
            raise Error(_known(code), json.loads(self._reply_text()))


class _Alone:
    """A call on a session. Replies are borrowed until the next call, so that one has to wait."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        if not self._session._inside.acquire(blocking=False):
            en = self._session._c.zvonok_strerror(Code.BUSY).decode()
            raise Error(Code.BUSY, {"name": "BUSY", "message": {"en": en}, "retryable": True})

    def __exit__(self, *_: object) -> None:
        self._session._inside.release()


class _Callbacks:
    """The host's functions behind C ones. No exception gets into the library."""

    def __init__(self, log: Log | None, progress: Progress | None) -> None:
        self._log, self._progress = log, progress
        self._raised: BaseException | None = None
        self.host = _c.Host()
        self.host.struct_size = ctypes.sizeof(_c.Host)
        self.host.abi_version = _c.ABI_VERSION
        if log is not None:
            self.host.log = _c.log_fn(self._on_log)
        if progress is not None:
            self.host.progress = _c.progress_fn(self._on_progress)

    def rethrow(self) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised

    def _on_log(self, _data: object, level: int, text: bytes, _len: int) -> None:
        """A log that fails stops no cycle; its exception is raised when the call is over."""
        try:
            assert self._log is not None
            self._log(level, text.decode())
        except BaseException as error:
            self._raised = self._raised or error

    def _on_progress(self, _data: object, phase: int, done: int, total: int) -> int:
        """An exception cancels the call and is raised when it is over."""
        try:
            assert self._progress is not None
            return 1 if self._progress(phase, done, total) else 0
        except BaseException as error:
            self._raised = self._raised or error
            return 1


def _encoded(text: Text) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        text = json.dumps(text, ensure_ascii=False)
    # What is no UTF-8 is for the library to refuse.
    return text.encode("utf-8", "surrogatepass")


def _known(code: int) -> int:
    """The Code of a number, where this version has one."""
    return Code(code) if code in Code._value2member_map_ else code


def _name(code: int) -> str:
    known = _known(code)
    return known.name if isinstance(known, Code) else str(code)
