// Search, filters, order, and who is shown under a chat. Without it the page can still be read.
"use strict";

const one = (selector) => document.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const plain = (text) => text.toLowerCase().replaceAll("ё", "е");

const search = one("#search");
const chats = all(".chat").map((body) => ({
  body,
  head: plain(body.querySelector(".head").textContent),
  people: all(".members tbody tr", body).map((row) => ({ row, text: plain(row.textContent) })),
  opened: false,
}));
const rest = all(".find").map((row) => ({ row, text: plain(row.textContent + group(row)) }));

/** What stands over a row of the plan: its chat. */
function group(row) {
  return row.closest("tbody.group")?.querySelector("tr.group")?.textContent ?? "";
}

/** Shows or hides the people of a chat. */
function show(chat, open) {
  chat.body.querySelector(".people").hidden = !open;
  chat.body.querySelector(".toggle").setAttribute("aria-expanded", String(open));
}

/** Whether a chat is of the type and state that were chosen, and has somebody to link if asked. */
function chosen({ type, state, unlinked }) {
  const wanted = [["#type", type], ["#state", state]];
  const fits = wanted.every(([id, value]) => !one(id).value || one(id).value === value);
  return fits && (!one("#unlinked").checked || Number(unlinked) > 0);
}

/** A chat is found by its own words, or by those of its people, who are then shown alone. */
function sift(chat, fits) {
  const own = fits(chat.head);
  let inside = 0;
  for (const person of chat.people) {
    const found = own || fits(person.text);
    person.row.hidden = !found;
    inside += found;
  }
  chat.body.hidden = !(chosen(chat.body.dataset) && (own || inside > 0));
  show(chat, chat.opened || (!own && inside > 0));
  return !chat.body.hidden;
}

function update() {
  const words = plain(search.value).split(/\s+/).filter(Boolean);
  const fits = (text) => words.every((word) => text.includes(word));
  const found = chats.filter((chat) => sift(chat, fits)).length;
  one("#chats .nothing").hidden = found > 0;
  for (const { row, text } of rest) row.hidden = !fits(text);
  for (const body of all("tbody.group")) body.hidden = all(".find", body).every((row) => row.hidden);
  if (words.length > 0) all("#warnings details").forEach((part) => { part.open = true; });
  const counter = one("#found");
  const narrowed = found < chats.length || words.length > 0;
  counter.textContent = narrowed ? `${counter.dataset.words}: ${found} / ${chats.length}` : "";
}

/** Sorts by a column: numbers as numbers, titles as people do, 2А before 10А. */
function sort(button) {
  const header = button.parentElement;
  const down = header.getAttribute("aria-sort") === "ascending";
  all(".registry > thead th").forEach((each) => each.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const collator = new Intl.Collator("ru", { numeric: true });
  const value = ({ body }) => body.querySelector(".head").children[button.dataset.sort].dataset.value;
  const sorted = [...chats].sort((a, b) => collator.compare(value(a), value(b)));
  if (down) sorted.reverse();
  one(".registry").append(...sorted.map((chat) => chat.body));
}

search.addEventListener("input", update);
for (const id of ["#type", "#state", "#unlinked"]) one(id).addEventListener("change", update);
all("[data-sort]").forEach((button) => button.addEventListener("click", () => sort(button)));
for (const chat of chats) {
  chat.body.querySelector(".toggle").addEventListener("click", () => {
    chat.opened = chat.body.querySelector(".people").hidden;
    show(chat, chat.opened);
  });
}
for (const [id, open] of [["#open", true], ["#shut", false]]) {
  one(id).addEventListener("click", () => {
    for (const chat of chats) {
      chat.opened = open;
      show(chat, open);
    }
  });
}
one("#print").addEventListener("click", () => window.print());
