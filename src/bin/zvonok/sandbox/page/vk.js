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
  author: (chat, message) => chat.members.find((member) => member.id === message.from)?.name ?? null,
  date: (message) => message.date * 1000,
  joined: (member) => member.join_date * 1000,

  facts(chat) {
    const over = chat.code !== null;
    const condition = over ? element("span", { class: "over" }, `${ENDED[chat.code]} (${chat.code})`) : "работает";
    const rotate = button("сменить", () => order("rotate", { chat_id: chat.chat_id }, "Ссылка сменена, старая больше никуда не ведёт."));
    return [["Ссылка", chat.link, rotate], ["peer_id", String(chat.peer_id)], ["Состояние", condition], ...pinFact(chat, "cmid")];
  },

  draw() {
    byId("mode").value = state.switches.mode;
    const running = state.calls.filter((call) => call.finished === null);
    byId("calls-count").textContent = running.length ? String(running.length) : "";
    byId("calls").replaceChildren(...running.map(callRow));
    byId("no-calls").hidden = running.length > 0;
    byId("no-calls").textContent = state.calls.length ? "Все звонки завершены." : "Звонков ещё не было. Начать их может только партнёрский ключ.";
  },

  params(params) {
    const shown = Object.entries(params).filter(([name]) => name !== "v");
    return shown.map(([name, value]) => `${name}=${value}`).join("  ");
  },

  listen() {
    byId("mode").addEventListener("change", () => order("mode", { mode: byId("mode").value }, "Ключ сменён."));
  },
};

function callRow({ call_id: id, join_link: link, started }) {
  const finish = () => order("finish_call", { call_id: id }, "Звонок завершён. Школе об этом никто не скажет.");
  return element("li", {}, element("strong", {}, link), " ", button("завершить", finish),
    element("span", { class: "last" }, `идёт с ${clock(started * 1000)}`));
}
