// Looks at the page of `zvonok report` as a person does, in a Chromium of its own. The first argument
// is the page's file, the second a folder for the browser's profile. Prints what it saw, in JSON.
"use strict";

const { spawn } = require("node:child_process");

const [file, profile] = process.argv.slice(2);
const options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--lang=ru",
  "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"];
const browser = spawn("chromium", [...options, `--user-data-dir=${profile}`, "about:blank"]);

const seen = { requests: [], complaints: [] };

function fail(why) {
  console.error(why);
  browser.kill();
  process.exit(1);
}

/** Speaks to the browser, and writes down what it asks for and complains of. */
class Page {
  constructor(socket) {
    this.socket = socket;
    this.waiting = new Map();
    this.loaded = new Promise((resolve) => { this.load = resolve; });
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
  }

  hear({ id, method, params, result }) {
    if (method === "Network.requestWillBeSent") seen.requests.push(params.request.url);
    if (method === "Log.entryAdded") seen.complaints.push(params.entry.text);
    if (method === "Runtime.exceptionThrown") seen.complaints.push(JSON.stringify(params));
    if (method === "Runtime.consoleAPICalled") seen.complaints.push(JSON.stringify(params.args));
    if (method === "Page.javascriptDialogOpening") seen.complaints.push("a dialog");
    if (method === "Page.loadEventFired") this.load();
    this.waiting.get(id)?.(result);
  }

  send(method, params = {}) {
    const id = this.waiting.size + 1;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  async value(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate",
      { expression, returnByValue: true });
    if (exceptionDetails) fail(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  click(selector) {
    return this.value(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  type(text) {
    return this.value(`{ const field = document.querySelector("#search");
      field.value = ${JSON.stringify(text)}; field.dispatchEvent(new Event("input")); }`);
  }

  choose(selector, value) {
    return this.value(`{ const field = document.querySelector(${JSON.stringify(selector)});
      field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event("change")); }`);
  }

  /** The titles of the chats that can be seen, in order. */
  chats() {
    return this.value(`[...document.querySelectorAll(".chat")]
      .filter((each) => each.getClientRects().length).map((each) => each.querySelector(".toggle").textContent)`);
  }

  /** The people that can be seen under the chats: mark, who, state. */
  people() {
    return this.value(`[...document.querySelectorAll(".members tbody tr")]
      .filter((each) => each.getClientRects().length)
      .map((each) => [0, 1, 4].map((at) => each.cells[at].innerText.trim()))`);
  }
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
    const tab = tabs.find((each) => each.type === "page");
    if (tab) return tab.webSocketDebuggerUrl;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function look(page) {
  seen.all = await page.chats();
  seen.shut = await page.people();
  await page.click(".toggle");
  seen.first = await page.people();
  await page.click(".toggle");
  await page.type("кузнецова");
  seen.byPerson = { chats: await page.chats(), people: await page.people(),
    count: await page.value("document.querySelector('#found').textContent") };
  await page.type("нет такого чата");
  seen.nothing = { chats: await page.chats(),
    told: await page.value("document.querySelector('.nothing').getClientRects().length > 0") };
  await page.type("");
  await page.choose("#type", "PARENTS");
  seen.parents = await page.chats();
  await page.choose("#type", "");
  await page.click("#unlinked");
  seen.unlinked = await page.chats();
  await page.click("#unlinked");
  await page.click("[data-sort='0']");
  await page.click("[data-sort='0']");
  seen.downwards = await page.chats();
  seen.attention = await page.value("document.querySelector('#attention').innerText");
  seen.missing = await page.value("document.querySelector('#missing').innerText");
  seen.plan = await page.value("document.querySelector('#plan').innerText");
  seen.scripts = await page.value("document.scripts.length");
  await page.send("Emulation.setDeviceMetricsOverride",
    { width: 390, height: 844, deviceScaleFactor: 1, mobile: true });
  seen.narrow = await page.value("document.documentElement.scrollWidth");
}

async function run() {
  const socket = new WebSocket(await open());
  await new Promise((resolve) => { socket.onopen = resolve; });
  const page = new Page(socket);
  for (const domain of ["Network", "Log", "Runtime", "Page"]) await page.send(`${domain}.enable`);
  await page.send("Page.navigate", { url: `file://${file}` });
  await page.loaded;
  await look(page);
  console.log(JSON.stringify(seen));
  browser.kill();
  process.exit(0);
}

setTimeout(() => fail("two minutes are over"), 120_000);
run().catch((error) => fail(error.stack));
