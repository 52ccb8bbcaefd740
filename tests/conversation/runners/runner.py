"""Replays a conversation through the Python binding: LIBRARY STEPS, an answer a line."""

import json
import sys
from pathlib import Path

import zvonok

library = zvonok.Library(sys.argv[1])
sessions = {}


class Trouble(Exception):
    """The host's own."""


class Heard:
    """What the callbacks of the running step were told, and what is to happen in them."""

    log, phases, during = [], [], []

    @classmethod
    def of(cls, step):
        cls.log, cls.phases, cls.during = [], [], list(step.get("during", []))


def on_log(level, text):
    Heard.log.append([int(level), text])


def on_progress(phase, done, total):
    assert done <= total
    if phase not in Heard.phases:
        Heard.phases.append(phase)
    now = [step for step in Heard.during if step["phase"] == phase]
    Heard.during = [step for step in Heard.during if step["phase"] != phase]
    for step in now:
        if step["do"] == "throw":
            raise Trouble(step["text"])
        if step["do"] == "stop":
            return True
        say(answer(step))
    return False


def text(step):
    return json.loads(Path(step["file"]).read_text("utf-8"))


def begin(step, start, what):
    sessions[step["on"]] = start(what, log=on_log, progress=on_progress)
    return sessions[step["on"]].reply



VERBS = {
    "about": lambda step, _: {"abi": library.abi_version(), "version": library.version()},
    "describe": lambda step, _: {"text": library.describe(step["code"])},
    "open": lambda step, _: begin(step, library.open, step["json"]),
    "run_task": lambda step, _: begin(step, library.run_task, Path(step["file"]).read_bytes()),
    "check": lambda step, _: library.check(step["json"], text(step) if "file" in step else None),
    "sync": lambda step, session: session.sync(text(step), step["json"]),
    "sync_path": lambda step, session: session.sync_path(step["file"], step["json"]),
    "request": lambda step, session: session.request(step["json"]),
    "reply": lambda step, session: session.reply,
    "cancel": lambda step, session: session.cancel(),
    "close": lambda step, session: session.close(),
}


def answer(step):
    told = {"step": step["name"]}
    try:
        found = VERBS[step["do"]](step, sessions.get(step.get("on")))
        if isinstance(found, zvonok.Reply):
            told.update(code=int(found.code), reply=found.document)
        else:
            told.update(found or {"code": 0})
    except zvonok.Error as error:
        told.update(code=int(error.code), reply=error.document)
        told["error"] = {
            "name": error.name,
            "ru": error.ru,
            "en": error.en,
            "faults": error.faults,
            "retryable": error.retryable,
        }
    except Trouble as trouble:
        told["thrown"] = str(trouble)
    return told


def say(told):
    sys.stdout.buffer.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")


for step in json.loads(Path(sys.argv[2]).read_text("utf-8")):
    Heard.of(step)
    told = answer(step)
    told.update(log=Heard.log, phases=Heard.phases)
    say(told)
