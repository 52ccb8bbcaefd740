// The page of the sandbox: draws the state, and draws it again when something happens.
// The address may end in #chat=3 (which chat is shown), #still (drawn once, not kept up) and
// #wait=5 (seconds to wait for news at a time).
"use strict";

const byId = (id) => document.getElementById(id);
const options = new URLSearchParams(location.hash.slice(1));

const wait = Number(options.get("wait")) || 25;

let state = null;
let log = [];
let chosen = Number(options.get("chat")) || null;

const ENDED = {
  927: "чата не существует",
  945: "чат отключён",
  993: "переехал в MAX",
  1012: "только чтение",
  1017: "чат удалён",
};
const JOINED = { created: "при создании", link: "по ссылке", api: "через API", hand: "добавлен вручную" };
const FAULTS = {
  drop_before: "обрыв до выполнения",
  drop_after: "обрыв после выполнения",
  delay: "задержка",
  error: "ошибка",
  http_500: "HTTP 500",
  html: "страница вместо JSON",
  truncate: "ответ оборван",
  kill: "процесс убит",
};
const REFUSALS = {
  already_in: "уже в чате",
  not_in: "не состоит в чате",
  deactivated: "аккаунт удалён",
  privacy: "запрещает добавлять себя в чаты",
  removed: "исключён и не может вернуться по ссылке",
  closed: "чат закрыт",
  full: "в чате нет мест",
  nobody: "такого человека нет",
  "no such chat": "чата нет",
};

/** An element with attributes, and children that are elements or text. Text is never markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** «1 участник, 2 участника, 5 участников», with a space that does not break. */
function plural(n, one, few, many) {
  const form = new Intl.PluralRules("ru").select(n);
  return `${n.toLocaleString("ru")}\u00a0${{ one, few }[form] ?? many}`;
}

const moment = (seconds) =>
  new Date(seconds * 1000).toLocaleString("ru", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const clock = (ms) =>
  new Date(ms).toLocaleTimeString("ru", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

async function ask(path) {
  return (await fetch(`/sandbox/${path}`)).json();
}

/** Sends an order and says how it went. */
async function order(path, body, done) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/sandbox/${path}`, request);
  const answer = await response.json();
  const said = byId("said");
  said.classList.toggle("bad", !response.ok);
  said.textContent = response.ok ? done : `Не вышло: ${REFUSALS[answer.error] ?? answer.error}.`;
  await refresh();
}

async function refresh() {
  [state, log] = await Promise.all([ask("state"), ask("requests?limit=300")]);
  draw();
}

function draw() {
  byId("community").textContent = `· сообщество ${state.community}`;
  byId("mode").value = state.switches.mode;
  byId("requests").textContent = state.counters.requests.toLocaleString("ru");
  byId("changing").textContent = state.counters.changing.toLocaleString("ru");
  drawChats();
  drawChat(state.chats.find((chat) => chat.chat_id === chosen) ?? state.chats[0]);
  drawFaults();
  drawLog();
}

function drawChats() {
  byId("chats-count").textContent = state.chats.length ? state.chats.length.toLocaleString("ru") : "";
  byId("no-chats").hidden = state.chats.length > 0;
  const current = chosen ?? state.chats[0]?.chat_id;
  byId("chats").replaceChildren(...state.chats.map((chat) => chatRow(chat, chat.chat_id === current)));
}

function chatRow(chat, current) {
  const admins = chat.members.filter((member) => member.admin).length;
  const numbers = `${plural(chat.members.length, "участник", "участника", "участников")}, ${plural(admins, "админ", "админа", "админов")}`;
  const ended = chat.code === null ? null : element("span", { class: "over" }, ` · ${ENDED[chat.code]}`);
  const choose = () => {
    chosen = chat.chat_id;
    draw();
  };
  const button = element("button", { type: "button", "aria-current": current && "true", onclick: choose },
    element("strong", {}, chat.title), element("span", {}, numbers), ended);
  return element("li", {}, button);
}

function drawChat(chat) {
  for (const id of ["person", "members"]) byId(id).hidden = !chat;
  if (!chat) return;
  chosen = chat.chat_id;
  byId("chat-title").textContent = chat.title;
  const ended = chat.code === null ? "работает" : element("span", { class: "over" }, `${ENDED[chat.code]} (${chat.code})`);
  const facts = [["Ссылка", chat.link], ["peer_id", String(chat.peer_id)], ["Состояние", ended]];
  byId("chat-facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  byId("people").replaceChildren(...state.people.map((person) => element("option", { value: person.id, label: person.name })));
  byId("members").tBodies[0].replaceChildren(...chat.members.map((member) => memberRow(chat, member)));
  byId("talk-title").hidden = chat.messages.length === 0;
  byId("talk").replaceChildren(...chat.messages.slice(-3).map(messageRow));
}

function messageRow(message) {
  return element("li", {}, element("time", {}, moment(message.date)), message.text);
}

function memberRow(chat, member) {
  const role = member.owner ? "владелец" : member.admin ? "админ" : null;
  return element("tr", {},
    element("td", {}, member.name ?? "Сообщество", element("span", { class: "id" }, String(member.id))),
    element("td", { class: role ? null : "plain" }, role ? element("span", { class: "role" }, role) : "участник"),
    element("td", { class: "how" }, JOINED[member.joined]),
    element("td", { class: "when" }, moment(member.join_date)),
    element("td", {}, ...(member.owner ? [] : memberButtons(chat, member))));
}

function memberButtons(chat, member) {
  const who = { chat_id: chat.chat_id, user: member.id };
  const promote = () => order("promote", { ...who, admin: !member.admin }, "Права изменены вручную.");
  const leave = () => order("leave", who, `${member.name}: больше не в чате.`);
  return [
    element("button", { type: "button", class: "small", onclick: promote }, member.admin ? "снять админа" : "сделать админом"),
    element("button", { type: "button", class: "small", onclick: leave }, "выйти"),
  ];
}

function drawFaults() {
  const methods = ["*", "execute", ...Object.keys(state.counters.by_method)];
  byId("methods").replaceChildren(...[...new Set(methods)].map((value) => element("option", { value })));
  byId("no-faults").hidden = state.faults.length > 0;
  byId("faults").replaceChildren(...state.faults.map(faultRow));
}

function faultRow(fault) {
  const detail = fault.ms ? ` ${fault.ms}\u00a0мс` : fault.code ? ` ${fault.code}` : "";
  const { method, nth, every, count } = fault.match;
  const when = [
    method && method !== "*" ? method : "любой запрос",
    nth ? (every || count ? `начиная с ${nth}-го` : `${nth}-й по счёту`) : null,
    every ? `каждый ${every}-й` : null,
    count ? `не больше ${plural(count, "раза", "раз", "раз")}` : null,
  ];
  const fired = fault.fired ? `сработала ${plural(fault.fired, "раз", "раза", "раз")}` : "ещё не сработала";
  return element("li", {}, FAULTS[fault.do] + detail, element("span", {}, `${when.filter(Boolean).join(", ")}; ${fired}`));
}

function drawLog() {
  byId("no-log").hidden = log.length > 0;
  byId("log").hidden = log.length === 0;
  // Newest first, but the calls of a batch stay under it in their order.
  const sorted = [...log].sort((a, b) => (b.batch ?? b.n) - (a.batch ?? a.n) || a.n - b.n);
  byId("log").tBodies[0].replaceChildren(...sorted.map(logRow));
}

function logRow(entry) {
  const shown = Object.entries(entry.params).filter(([name]) => name !== "v");
  const params = shown.map(([name, value]) => `${name}=${value}`).join("  ");
  const word = { ok: "выполнен", "not applied": "не выполнен" }[entry.result] ?? `ошибка ${entry.result}`;
  const fault = entry.fault && entry.fault !== "error" ? ` · ${FAULTS[entry.fault]}` : "";
  const kind = [entry.changing && "changing", entry.batch && "inner"].filter(Boolean).join(" ");
  const well = entry.result === "ok" && !fault;
  return element("tr", { class: kind },
    element("td", { class: "number" }, String(entry.n)),
    element("td", { class: "time" }, clock(entry.time)),
    element("td", { class: "method" }, entry.method),
    element("td", { class: "params", title: params }, params),
    element("td", { class: well ? "result ok" : "result failed" }, word + fault));
}

byId("person").addEventListener("submit", (event) => {
  event.preventDefault();
  const action = event.submitter?.name || "join";
  const user = Number(byId("user").value);
  const done = { join: "Перешёл по ссылке.", add: "Добавлен вручную.", leave: "Вышел." }[action];
  order(action, { chat_id: chosen, user }, `${user}: ${done}`);
});

byId("fault").addEventListener("change", () => {
  const deed = byId("fault").elements.do.value;
  byId("ms").hidden = deed !== "delay";
  byId("code").hidden = deed !== "error";
});

byId("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = byId("fault");
  const fault = { do: form.elements.do.value, match: { method: form.elements.method.value, nth: Number(form.elements.nth.value) } };
  if (fault.do === "delay") fault.ms = Number(form.elements.ms.value);
  if (fault.do === "error") fault.code = Number(form.elements.code.value);
  order("faults", fault, "Неполадка включена.");
});

byId("clear").addEventListener("click", async () => {
  await fetch("/sandbox/faults", { method: "DELETE" });
  await refresh();
});

byId("mode").addEventListener("change", () => order("mode", { mode: byId("mode").value }, "Ключ сменён."));

function connected(on) {
  byId("link-state").className = `link-state ${on ? "on" : "off"}`;
  byId("link-state").textContent = on ? "на связи" : "нет связи";
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function live() {
  for (let version = 0; ;) {
    try {
      ({ version } = await ask(`events?since=${version}&wait=${wait}`));
      await refresh();
      connected(true);
      if (options.has("still")) return;
      await pause(300);
    } catch {
      connected(false);
      await pause(2000);
    }
  }
}

live();
