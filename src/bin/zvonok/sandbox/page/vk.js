// What the page shows of VK alone.
"use strict";

const ENDED = {
  927: "чата не существует",
  945: "чат отключён",
  993: "переехал в MAX",
  1012: "только чтение",
  1017: "чат удалён",
};

const vk = {
  name: "vk",
  title: "ВКонтакте",
  noChats: "Чатов пока нет. Они появятся здесь, как только их создадут через\u00a0API.",
  about: () => `сообщество ${state.community}`,
  chats: () => state.chats,
  people: () => state.people,
  path: (action) => action,
  note: (chat) => ENDED[chat.code],
  role: (member) => (member.owner ? "владелец" : member.admin ? "админ" : null),
  owners: () => [],
  author: () => null,
  date: (message) => message.date * 1000,
  joined: (member) => member.join_date * 1000,

  facts(chat) {
    const over = chat.code !== null;
    const condition = over ? element("span", { class: "over" }, `${ENDED[chat.code]} (${chat.code})`) : "работает";
    const rotate = button("сменить", () => order("rotate", { chat_id: chat.chat_id }, "Ссылка сменена, старая больше никуда не ведёт."));
    return [["Ссылка", chat.link, rotate], ["peer_id", String(chat.peer_id)], ["Состояние", condition]];
  },

  draw() {
    byId("mode").value = state.switches.mode;
  },

  params(params) {
    const shown = Object.entries(params).filter(([name]) => name !== "v");
    return shown.map(([name, value]) => `${name}=${value}`).join("  ");
  },

  listen() {
    byId("mode").addEventListener("change", () => order("mode", { mode: byId("mode").value }, "Ключ сменён."));
  },
};
