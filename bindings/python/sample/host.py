"""A host in Python: one cycle, then what its screens would show.

    python host.py LIBRARY ROSTER KIND ADDRESS TOKEN [COMMUNITY]
"""

import sys

import zvonok


def main(path, roster, kind, address, token, community=None):
    library = zvonok.Library(path)
    print(library.version())
    platform = {"kind": kind, "base_url": address, "token": token}
    if community is not None:
        platform["community"] = community
    config = {"state": roster + ".db", "profile": "paragraf", "platform": platform}
    with library.open(config, log=on_log, progress=on_progress) as session:
        report = session.sync_path(roster).document
        chats, tasks = len(report["chats"]), len(report["tasks"])
        print(f"{report['status']}: {chats} chats, {tasks} tasks")
        registry(session)
        to_do(session)
        one_chat(session, report["chats"][0]["key"])
        refusals(library, session, config)


def on_log(level, text):
    if level <= zvonok.LogLevel.WARNING:
        print("log:", text)


def on_progress(phase, done, total):
    """A host with a window moves its progress bar here; True would cancel."""
    return False


def ask(session, method, **params):
    request = {"method": method, "actor": "system", "params": params}
    return session.request(request).document["result"]


def registry(session):
    print("\nChats")
    for chat in ask(session, "chats.list", per_page=100, sort="title")["chats"]:
        members = chat["members"]
        linked = f"{members['linked']} of {members['desired']} linked"
        print(f"  {chat['title']}: {chat['state']}, {linked}, {chat['link'] or 'no link yet'}")


def to_do(session):
    print("\nFor people to do")
    for task in ask(session, "tasks.list", per_page=2)["tasks"]:
        print(f"  {task['title']} {task['code']}")
        for number, step in enumerate(task["steps"]["ru"], 1):
            print(f"    {number}. {step}")


def one_chat(session, key):
    chat = ask(session, "chats.get", chat=key)
    print(f"\n{chat['title']}")
    for member in chat["members"]:
        print(f"  {member['person']} {member['role']}: {member['state']}")


def refusals(library, session, config):
    print("\nWhat is refused")
    try:
        ask(session, "chats.get", chat="class:none")
    except zvonok.Error as error:
        print(f"  {error.name}: {error.ru}")
    try:
        library.open({**config, "grase": "1d"})
    except zvonok.Error as error:
        print(f"  {error.name}:")
        for fault in error.faults:
            print(f"    {fault['at']}: {fault['message']['ru']}")


main(*sys.argv[1:])
