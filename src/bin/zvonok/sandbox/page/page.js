// The page of the sandbox: draws the state, and draws it again when something happens.
// What is different between the messengers is in vk.js and max.js, which are loaded before it.
// The address may end in #max (which messenger) or #both (one beside the other), #chat=3 (which chat is shown), #still (drawn once,
// not kept up) and #wait=5 (seconds to wait for news at a time).
"use strict";

const byId = (id) => document.getElementById(id);
const options = new URLSearchParams(location.hash.slice(1));

const wait = Number(options.get("wait")) || 25;

let state = null;
let log = [];
/** Both messengers are shown, one beside the other. */
let both = options.has("both");
let platform = options.has("max") ? max : options.has("chat") ? vk : null;
/** The chat that is shown, of each messenger. */
const chosen = { vk: null, max: null };
chosen[(platform ?? vk).name] = Number(options.get("chat")) || null;

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
  blocked: "в чёрном списке чата",
  bot_not_addable: "бота нельзя добавлять в группы",
  not_subscribed: "на этот адрес ничего не доставляется",
  not_started: "человек ещё не открывал диалог с ботом",
  stopped: "человек остановил бота",
  not_running: "звонок уже завершён",
  "no such message": "сообщения нет",
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

function button(text, onclick) {
  return element("button", { type: "button", class: "small", onclick }, text);
}

/** «1 участник, 2 участника, 5 участников», with a space that does not break. */
function plural(n, one, few, many) {
  const form = new Intl.PluralRules("ru").select(n);
  return `${n.toLocaleString("ru")}\u00a0${{ one, few }[form] ?? many}`;
}

const moment = (ms) =>
  new Date(ms).toLocaleString("ru", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

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
  platform ??= state.chats.length === 0 && state.max.chats.length > 0 ? max : vk;
  for (const each of [vk, max]) {
    const tab = byId(`tab-${each.name}`);
    mark(tab, each === platform && !both);
    tab.querySelector(".count").textContent = each.chats().length.toLocaleString("ru");
  }
  for (const part of document.querySelectorAll("[data-platform]")) {
    part.hidden = part.dataset.platform !== platform.name;
  }
  mark(byId("tab-both"), both);
  byId("both").hidden = !both;
  document.querySelector("main").hidden = both;
  document.body.dataset.shown = both ? "both" : platform.name;
  byId("both").replaceChildren(...[vk, max].map(drawBeside));
  byId("about").textContent = platform.about();
  byId("requests").textContent = state.counters.requests.toLocaleString("ru");
  byId("changing").textContent = state.counters.changing.toLocaleString("ru");
  const chats = platform.chats();
  const chat = chats.find((chat) => chat.chat_id === chosen[platform.name]) ?? chats[0];
  chosen[platform.name] = chat?.chat_id ?? null;
  drawChats(chats, chat);
  drawChat(chat);
  platform.draw(chat);
  drawFaults();
  drawLog();
}

function mark(tab, current) {
  if (current) tab.setAttribute("aria-current", "page");
  else tab.removeAttribute("aria-current");
}

/** One messenger's half of the view with both. */
function drawBeside(each) {
  const cards = each.chats().map((chat) => besideCard(each, chat));
  const none = cards.length ? null : element("p", { class: "empty" }, each.noChats);
  return element("section", {}, element("h2", {}, each.title, " ", element("span", { class: "count" }, String(cards.length))),
    none, element("ul", { class: "cards" }, ...cards));
}

function besideCard(each, chat) {
  const open = () => show(each, chat.chat_id);
  const people = chat.members.map((member) => `${member.name ?? "Сообщество"}${each.role(member) ? ` (${each.role(member)})` : ""}`);
  const last = chat.messages.at(-1)?.text;
  const note = each.note(chat);
  return element("li", {},
    element("button", { type: "button", onclick: open }, element("strong", {}, chat.title), note ? element("span", { class: "over" }, ` · ${note}`) : null),
    element("p", { class: "who" }, people.join(", ")),
    last ? element("p", { class: "last" }, last) : null);
}

/** Turns to one messenger, and to a chat of it if one is named. */
function show(each, chatId) {
  both = false;
  platform = each;
  chosen[each.name] = chatId ?? chosen[each.name];
  byId("said").textContent = "";
  draw();
}

function drawChats(chats, current) {
  byId("chats-count").textContent = chats.length ? chats.length.toLocaleString("ru") : "";
  byId("no-chats").hidden = chats.length > 0;
  byId("no-chats").textContent = platform.noChats;
  byId("chats").replaceChildren(...chats.map((chat) => chatRow(chat, chat === current)));
}

function chatRow(chat, current) {
  const admins = chat.members.filter((member) => member.admin).length;
  const numbers = `${plural(chat.members.length, "участник", "участника", "участников")}, ${plural(admins, "админ", "админа", "админов")}`;
  const note = platform.note(chat) ?? null;
  const choose = () => {
    chosen[platform.name] = chat.chat_id;
    draw();
  };
  const button = element("button", { type: "button", "aria-current": current && "true", onclick: choose },
    element("strong", {}, chat.title), element("span", {}, numbers), note && element("span", { class: "over" }, ` · ${note}`));
  return element("li", {}, button);
}

function drawChat(chat) {
  for (const id of ["person", "members"]) byId(id).hidden = !chat;
  byId("chat-title").textContent = chat?.title ?? "Чат не выбран";
  const facts = chat ? platform.facts(chat) : [];
  byId("chat-facts").replaceChildren(...facts.flatMap(([name, ...value]) => [element("dt", {}, name), element("dd", {}, ...value)]));
  byId("people").replaceChildren(...platform.people().map((person) => element("option", { value: person.id, label: person.name })));
  byId("members").tBodies[0].replaceChildren(...(chat?.members ?? []).map((member) => memberRow(chat, member)));
  byId("talk-title").hidden = !chat || chat.messages.length === 0;
  byId("talk").replaceChildren(...(chat?.messages ?? []).slice(-3).map((message) => messageRow(chat, message)));
}

/** The line about the pinned message, with a person's button that takes it down. */
function pinFact(chat, id) {
  if (chat.pinned === null) return [];
  const pinned = chat.messages.find((message) => message[id] === chat.pinned);
  const down = () => order(platform.path("pin"), { chat_id: chat.chat_id }, "Сообщение откреплено вручную.");
  return [["Закреплено", pinned?.text ?? "сообщение, которое уже не хранится", button("открепить", down)]];
}

function messageRow(chat, message) {
  const author = platform.author(chat, message);
  return element("li", {}, element("time", {}, moment(platform.date(message))),
    author && element("span", { class: "author" }, author), message.text ?? "вложение");
}

function memberRow(chat, member) {
  const role = platform.role(member);
  return element("tr", { "data-id": member.id },
    element("td", {}, member.name ?? "Сообщество", element("span", { class: "id" }, String(member.id))),
    element("td", { class: role ? null : "plain", title: member.permissions?.join(", ") ?? null }, role ? element("span", { class: "role" }, role) : "участник"),
    element("td", { class: "how" }, JOINED[member.joined]),
    element("td", { class: "when" }, moment(platform.joined(member))),
    element("td", {}, ...(member.owner ? [] : memberButtons(chat, member))));
}

function memberButtons(chat, member) {
  const who = { chat_id: chat.chat_id, user: member.id };
  const promote = () => order(platform.path("promote"), { ...who, admin: !member.admin }, "Права изменены вручную.");
  const out = (action, said) => () => order(platform.path(action), who, `${member.name}: ${said}.`);
  const person = !member.bot && member.id > 0;
  return [
    button(member.admin ? "снять админа" : "сделать админом", promote),
    person ? button("выйти", out("leave", "больше не в чате")) : null,
    button("исключить", out("remove", "исключён")),
    ...(person ? platform.owners(who, member.name) : []),
  ].filter(Boolean);
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
  const where = { vk: vk.title, max: max.title }[fault.match.platform];
  const when = [
    method && method !== "*" ? method : "любой запрос",
    where ?? null,
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
  const params = { vk, max }[entry.platform].params(entry.params);
  const word = { ok: "выполнен", refused: "отказ", "not applied": "не выполнен" }[entry.result] ?? `ошибка ${entry.result}`;
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
  const who = { chat_id: chosen[platform.name], user: Number(byId("user").value) };
  if (action === "message") who.text = byId("words").value;
  const done = { join: "Перешёл по ссылке.", add: "Добавлен вручную.", leave: "Вышел.", message: "Сообщение написано." }[action];
  order(platform.path(action), who, `${who.user}: ${done}`);
});

for (const each of [vk, max]) {
  each.listen();
  byId(`tab-${each.name}`).addEventListener("click", () => show(each));
}

byId("tab-both").addEventListener("click", () => {
  both = true;
  draw();
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
  if (fault.do === "error") fault.code = Number(form.elements.code.value) || form.elements.code.value;
  order("faults", fault, "Неполадка включена.");
});

byId("clear").addEventListener("click", async () => {
  await fetch("/sandbox/faults", { method: "DELETE" });
  await refresh();
});

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
