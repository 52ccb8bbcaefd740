// Leads a group in the sandbox with the unchanged @maxhub/max-bot-api client.
"use strict";

const assert = require("node:assert");
const { Bot } = require("@maxhub/max-bot-api");

const [address, token, group] = process.argv.slice(2);

async function main() {
  // The client resolves its paths against the address, which is why that ends in a slash.
  const bot = new Bot(token, { clientOptions: { baseUrl: `${address}/` } });
  const me = await bot.api.getMyInfo();
  assert.equal(me.is_bot, true);
  const id = Number(group);
  const chat = await bot.api.getChat(id);
  assert.equal(chat.title, "7А, родители");
  const renamed = await bot.api.editChatInfo(id, { title: "7Б, родители", notify: false });
  assert.equal(renamed.title, "7Б, родители");
  const { members } = await bot.api.getChatMembers(id, { count: 100 });
  assert.deepEqual(members.map((member) => member.user_id).sort(), [5001, 5002, me.user_id].sort());
  await bot.api.addChatAdmins(id, [{ user_id: 5002, permissions: ["add_remove_members"] }]);
  await bot.api.removeChatAdmin(id, 5002);
  const message = await bot.api.sendMessageToChat(id, "Собрание в **среду**", { format: "markdown" });
  await bot.api.pinMessage(id, message.body.mid);
  const pinned = await bot.api.getPinnedMessage(id);
  assert.equal(pinned.message.body.text, "Собрание в среду");
  const gone = await bot.api.removeChatMember(id, 5002);
  assert.equal(gone.success, true);
  const refused = await bot.api.addChatMembers(id, [5002]).catch((error) => error);
  assert.equal(refused.code, "method.not.found");
  const { updates } = await bot.api.getUpdates(["bot_added", "user_added"], { timeout: 1 });
  assert.deepEqual(updates.map((update) => update.update_type), ["bot_added", "user_added"]);

  // The framework's own loop: a person presses Start and is greeted.
  const greeted = new Promise((resolve) => {
    bot.on("bot_started", async (context) => {
      await bot.api.sendMessageToUser(context.update.user.user_id, `Код ${context.update.payload}`);
      resolve();
    });
  });
  bot.start();
  console.log("polling");
  await greeted;
  bot.stopPolling();
  console.log("greeted");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
