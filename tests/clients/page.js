// Does on the sandbox's page what a person does there, in a Chromium of its own. The first argument
// is the page's address, the second a folder for the browser's profile.
"use strict";

const { spawn } = require("node:child_process");

const [address, profile] = process.argv.slice(2);
const options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"];
const browser = spawn("chromium", [...options, `--user-data-dir=${profile}`, address]);

/** Speaks to the browser: sends a command and waits for its answer. */
class Page {
  constructor(socket) {
    this.socket = socket;
    this.waiting = new Map();
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.method === "Runtime.exceptionThrown") fail(JSON.stringify(message.params));
      this.waiting.get(message.id)?.(message.result);
    };
  }

  send(method, params = {}) {
    const id = this.waiting.size + 1;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  async value(expression) {
    const { result } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    return result.value;
  }

  async until(expression) {
    for (let i = 0; i < 300; i += 1) {
      if (await this.value(expression)) return;
      await pause(100);
    }
    fail(`never: ${expression}\n${await this.value("document.body.innerText")}`);
  }

  fill(field, text) {
    return this.value(`document.querySelector(${JSON.stringify(field)}).value = ${JSON.stringify(text)}`);
  }

  /** Clicks, and waits for the page to say that it was done. */
  async click(button, said) {
    await this.until(`document.querySelector(${JSON.stringify(button)})`);
    await this.value(`document.querySelector(${JSON.stringify(button)}).click()`);
    await this.until(`document.getElementById("said").textContent.includes(${JSON.stringify(said)})`);
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function fail(why) {
  console.error(why);
  browser.kill();
  process.exit(1);
}

async function open() {
  const port = await new Promise((resolve) => {
    browser.stderr.on("data", (text) => {
      const found = /ws:\/\/[^:]+:(\d+)/.exec(text);
      if (found) resolve(found[1]);
    });
  });
  for (;;) {
    const tabs = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    const tab = tabs.find((each) => each.type === "page" && each.url.startsWith("http"));
    if (tab) return tab.webSocketDebuggerUrl;
    await pause(100);
  }
}

/** Whether this step is the one that a person takes next. */
function next(step) {
  return `document.querySelector("#steps .next strong")?.textContent === "${step}"`;
}

/** A button in a member's row, counted from 1. */
function inRow(id, nth) {
  return `#members tr[data-id="${id}"] button:nth-of-type(${nth})`;
}

async function main() {
  const socket = new WebSocket(await open());
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const page = new Page(socket);
  await page.send("Runtime.enable");
  await page.until(`document.querySelector(".link-state.on")`);

  await page.value(`document.getElementById("tab-max").click()`);
  await page.fill("#create [name=title]", "7А, родители");
  await page.fill("#create [name=owner]", "5001");
  await page.click("#create button", "Группа создана");
  // The steps are drawn anew with each change: a button of the drawing before does nothing.
  await page.until(next("Добавить бота"));
  await page.click("#steps .next button", "Бот добавлен");
  await page.until(next("Выдать права"));
  await page.click("#steps .next button", "Бот теперь админ");
  await page.fill("#user", "77");
  await page.click("#person [name=join]", "Перешёл по ссылке");
  await page.fill("#words", "Добрый день");
  await page.click("#person [name=message]", "Сообщение написано");
  await page.until(`document.querySelectorAll("#steps .done").length === 4`);
  await page.click(inRow(77, 1), "Права изменены");
  await page.click("#chat-facts button", "Ссылка сменена");
  for (const user of ["78", "79", "80"]) {
    await page.fill("#user", user);
    await page.click("#person [name=join]", `${user}: Перешёл по ссылке`);
  }
  await page.click(inRow(78, 2), "больше не в чате");
  await page.click(inRow(79, 3), "исключён");
  await page.click(inRow(80, 4), "теперь владелец");
  await page.fill("#start [name=user]", "77");
  await page.fill("#start [name=payload]", "7А-4711");
  await page.click("#start [name=start]", "диалог с ботом открыт");
  await page.click("#start [name=stop]", "бот остановлен");
  await page.fill("#webhook [name=url]", "http://127.0.0.1:9/hook");
  await page.click("#webhook [name=on]", "События доставляются");
  await page.until(`document.querySelectorAll("#subscriptions button").length === 1`);
  await page.click("#subscriptions button", "События придержаны");
  await page.click("#delivery [name=duplicates]", "Доставка событий изменена");

  await page.value(`document.getElementById("tab-both").click()`);
  await page.until(`document.querySelectorAll("#both section").length === 2`);
  await page.value(`document.querySelector("#both section:first-child .cards button").click()`);
  await page.until(`document.getElementById("chat-title").textContent === "Учительская"`);
  await page.fill("#user", "91");
  await page.click("#person [name=join]", "91: Перешёл по ссылке");
  await page.click("#chat-facts button", "Ссылка сменена");
  await page.fill("#words", "Иду");
  await page.click("#person [name=message]", "Сообщение написано");
  await page.click("#chat-facts dd:last-child button", "откреплено");
  await page.click("#calls button", "Звонок завершён");
  await page.click(inRow(91, 3), "исключён");
  await page.fill("#fault [name=do]", "error");
  await page.fill("#fault [name=code]", "chat.denied");
  await page.click("#fault .main", "Неполадка включена");
  browser.kill();
}

browser.on("exit", () => process.exit(0));
main().catch((error) => fail(error));
