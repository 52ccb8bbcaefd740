// What the page shows of MAX alone, where people make the groups and the bot is only let in.
"use strict";

const OVER = { denied: "удалена", removed: "удалена", closed: "закрыта", suspended: "заблокирована" };

/** What the bot needs to lead a group, and how the app calls it. */
const RIGHTS = {
  read_all_messages: "чтение всех сообщений",
  add_remove_members: "участники",
  add_admins: "назначение админов",
  change_chat_info: "название и описание",
  pin_message: "закрепление",
};

const max = {
  name: "max",
  title: "MAX",
  noChats: "Групп пока нет. Бот их создавать не может: это делает человек, здесь же.",
  about: () => `бот @${state.max.bot.username} · ${state.max.bot.user_id}`,
  chats: () => state.max.chats,
  people: () => state.max.people,
  path: (action) => `max/${action === "promote" ? "admin" : action}`,
  note: (chat) => OVER[chat.over] ?? lacks(chat),
  author: (chat, message) => max.person(message.from),
  date: (message) => message.time,
  joined: (member) => member.join_time,
  owners: (who, name) => [button("передать группу", () => order("max/transfer", who, `${name}: теперь владелец.`))],

  role(member) {
    const word = member.owner ? "владелец" : member.admin ? "админ" : null;
    return member.bot ? ["бот", word].filter(Boolean).join(", ") : word;
  },

  person: (id) => (id === state.max.bot.user_id ? state.max.bot.name : state.max.people.find((person) => person.id === id)?.name ?? String(id)),

  facts(chat) {
    const group = { chat_id: chat.chat_id };
    const rotate = button("сменить", () => order("max/rotate", group, "Ссылка сменена, старая больше никуда не ведёт."));
    const end = chat.over
      ? button("вернуть", () => order("max/delete", { ...group, back: true }, "Группа снова есть."))
      : button("удалить группу", () => order("max/delete", group, "Группа удалена. Боту об этом никто не скажет."));
    const condition = chat.over ? element("span", { class: "over" }, OVER[chat.over]) : "работает";
    const facts = [["Ссылка", chat.link, rotate], ["chat_id", String(chat.chat_id)], ["Состояние", condition, end]];
    if (chat.description) facts.splice(2, 0, ["Описание", chat.description]);
    facts.push(...pinFact(chat, "mid"));
    if (chat.blocked.length) facts.push(["Чёрный список", chat.blocked.join(", ")]);
    return facts;
  },

  draw(chat) {
    byId("max-mode").value = state.max.switches.add_members;
    byId("steps").replaceChildren(...steps(chat));
    const open = state.max.people.filter((person) => person.dialog !== "none");
    byId("dialogs").replaceChildren(...open.map(dialogRow));
    drawWebhook();
  },

  params({ path, body, ...query }) {
    const shown = Object.entries(query).map(([name, value]) => `${name}=${value}`);
    return [path, ...shown, body].filter(Boolean).join("  ");
  },

  listen() {
    const mode = byId("max-mode");
    mode.addEventListener("change", () => order("max/mode", { add_members: mode.value }, "Правило добавления сменено."));
    byId("create").addEventListener("submit", createGroup);
    byId("start").addEventListener("submit", openDialog);
    byId("webhook").addEventListener("submit", deliver);
    byId("delivery").addEventListener("change", changeDelivery);
  },
};

/** The bot as a member of the group, if it is one. */
const botIn = (chat) => chat?.members.find((member) => member.bot);

const missing = (bot) => Object.keys(RIGHTS).filter((right) => !bot?.permissions?.includes(right));

/** What keeps the bot from leading the group. */
function lacks(chat) {
  const bot = botIn(chat);
  if (!bot) return "нет бота";
  if (!bot.admin) return "бот без прав";
  return missing(bot).length ? "прав не хватает" : null;
}

/** What a person has to do, one thing after another; only the next one has a button. */
function steps(chat) {
  const bot = botIn(chat);
  const lacking = missing(bot).map((right) => RIGHTS[right]).join(", ");
  const group = chat && { chat_id: chat.chat_id };
  const came = chat ? chat.members.filter((member) => !member.bot && !member.owner).length : 0;
  const all = [
    ["Создать группу", Boolean(chat), "форма «Новая группа»", null],
    ["Добавить бота", Boolean(bot), state.max.bot.name,
      () => order("max/add", group, "Бот добавлен. Пока он видит только это.")],
    ["Выдать права", Boolean(bot) && !lacking, bot?.admin ? `не хватает: ${lacking}` : lacking,
      () => order("max/admin", group, "Бот теперь админ со всеми правами.")],
    ["Раздать ссылку", came > 0, "люди входят по ней сами", null],
  ];
  const next = all.findIndex(([, done]) => !done);
  return all.map(([name, done, detail, act], at) => element("li", { class: done ? "done" : at === next ? "next" : null },
    element("strong", {}, name), done ? null : element("span", {}, detail),
    act && at === next && !chat?.over ? button(name.toLowerCase(), act) : null));
}

function dialogRow(person) {
  const last = person.messages.at(-1);
  const stopped = person.dialog === "stopped" ? element("span", { class: "over" }, "бот остановлен") : null;
  const text = last ? `${max.person(last.from)}: ${last.text ?? "вложение"}` : "сообщений ещё нет";
  return element("li", {}, element("strong", {}, person.name), " ", element("span", { class: "id" }, String(person.id)),
    element("span", { class: "last" }, text), stopped);
}

async function createGroup(event) {
  event.preventDefault();
  const { title, owner } = event.target.elements;
  const known = new Set(state.max.chats.map((chat) => chat.chat_id));
  await order("max/create", { title: title.value, owner: Number(owner.value) }, "Группа создана. Дальше — добавить бота.");
  const made = state.max.chats.find((chat) => !known.has(chat.chat_id));
  if (!made) return;
  chosen.max = made.chat_id;
  title.value = "";
  draw();
}

function openDialog(event) {
  event.preventDefault();
  const { user, payload } = event.target.elements;
  const who = { user: Number(user.value) };
  if (event.submitter?.name === "stop") return void order("max/stop", who, `${who.user}: бот остановлен.`);
  if (payload.value) who.payload = payload.value;
  order("max/start", who, `${who.user}: диалог с ботом открыт.`);
}

/** How long every second update is held back where the order is to be broken. */
const LATE_MS = 3000;

function drawWebhook() {
  const { switches, subscriptions, webhook } = state.max;
  const { duplicates, reorder } = byId("delivery").elements;
  duplicates.checked = switches.webhook_duplicates > 0;
  reorder.checked = switches.webhook_reorder_ms > 0;
  byId("subscriptions").replaceChildren(...subscriptions.map(subscriptionRow));
  const sent = `доставлено ${webhook.delivered}, не принято ${webhook.failed}, ждёт ${webhook.waiting}`;
  byId("webhook-counts").textContent = subscriptions.length ? sent : "Никуда не доставляется: события ждут запроса /updates.";
}

function subscriptionRow({ url, held_back: held }) {
  const turn = () => order("max/webhook", { url, on: held }, held ? "События снова доставляются." : "События придержаны.");
  return element("li", {}, element("strong", {}, url), held ? element("span", { class: "over" }, "придержано") : null,
    button(held ? "доставлять" : "придержать", turn));
}

function deliver(event) {
  event.preventDefault();
  const { url, secret } = event.target.elements;
  const on = event.submitter?.name !== "off";
  const webhook = { url: url.value, on };
  if (secret.value) webhook.secret = secret.value;
  order("max/webhook", webhook, on ? "События доставляются на этот адрес." : "События придержаны.");
}

function changeDelivery() {
  const { duplicates, reorder } = byId("delivery").elements;
  const switches = { webhook_duplicates: duplicates.checked ? 1 : 0, webhook_reorder_ms: reorder.checked ? LATE_MS : 0 };
  order("max/mode", switches, "Доставка событий изменена.");
}
