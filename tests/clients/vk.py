"""Leads a chat in the sandbox with the unchanged vk_api client."""

import sys
from urllib.parse import urlsplit, urlunsplit

import requests
import vk_api
from requests.adapters import HTTPAdapter

address, token = sys.argv[1:3]


class ToSandbox(HTTPAdapter):
    """Sends what is meant for VK to the sandbox, as a proxy would."""

    def send(self, request, **options):
        parts = urlsplit(request.url)
        here = urlsplit(address)
        request.url = urlunsplit((here.scheme, here.netloc, parts.path, parts.query, ""))
        return super().send(request, **options)


session = requests.Session()
session.trust_env = False
session.mount("https://api.vk.ru/", ToSandbox())
session.mount("https://api.vk.com/", ToSandbox())
client = vk_api.VkApi(token=token, session=session, api_version="5.199")
vk = client.get_api()

chat = vk.messages.createChat(title="7А, родители")["chat_id"]
peer = 2000000000 + chat
link = vk.messages.getInviteLink(peer_id=peer)["link"]
assert link.startswith("https://vk.me/join/"), link
vk.messages.editChat(chat_id=chat, title="7Б, родители")
vk.messages.send(peer_id=peer, random_id=7, message="Собрание в среду")
members = vk.messages.getConversationMembers(peer_id=peer)
assert members["count"] == 1, members
try:
    vk.messages.addChatUser(chat_id=chat, user_id=9)
except vk_api.ApiError as error:
    assert error.code == 27, error
else:
    raise AssertionError("a community may not add people")
print("chat", chat)
