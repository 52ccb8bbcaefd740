// A host in C++: one cycle, then what its screens would show.
//
//   host ROSTER KIND ADDRESS TOKEN [COMMUNITY]
#include <iostream>

#include <zvonok/zvonok.hpp>

using zvonok::json;

namespace {

void on_log(zvonok::log_level level, std::string_view text) {
  if (level <= zvonok::log_level::warning) std::cout << "log: " << text << '\n';
}

// A host with a window moves its progress bar here; true would cancel.
bool on_progress(zvonok::phase, std::uint32_t, std::uint32_t) { return false; }

json ask(zvonok::session &session, const char *method, json params) {
  const json request{{"method", method}, {"actor", "system"}, {"params", std::move(params)}};
  return session.request(request).document()["result"];
}

void registry(zvonok::session &session) {
  std::cout << "\nChats\n";
  const json found = ask(session, "chats.list", {{"per_page", 100}, {"sort", "title"}});
  for (const json &chat : found["chats"].items()) {
    const json &members = chat["members"], &link = chat["link"];
    std::cout << "  " << chat["title"].text() << ": " << chat["state"].text() << ", "
              << members["linked"].integer() << " of " << members["desired"].integer()
              << " linked, " << (link.is_null() ? "no link yet" : link.text()) << '\n';
  }
}

void to_do(zvonok::session &session) {
  std::cout << "\nFor people to do\n";
  const json found = ask(session, "tasks.list", {{"per_page", 2}});
  for (const json &task : found["tasks"].items()) {
    std::cout << "  " << task["title"].text() << ' ' << task["code"].text() << '\n';
    int number = 0;
    for (const json &step : task["steps"]["ru"].items())
      std::cout << "    " << ++number << ". " << step.text() << '\n';
  }
}

void one_chat(zvonok::session &session, const std::string &key) {
  const json chat = ask(session, "chats.get", {{"chat", key}});
  std::cout << '\n' << chat["title"].text() << '\n';
  for (const json &member : chat["members"].items())
    std::cout << "  " << member["person"].text() << ' ' << member["role"].text() << ": "
              << member["state"].text() << '\n';
}

void refusals(zvonok::session &session, json config) {
  std::cout << "\nWhat is refused\n";
  try {
    ask(session, "chats.get", {{"chat", "class:none"}});
  } catch (const zvonok::error &error) {
    std::cout << "  " << error.name() << ": " << error.ru() << '\n';
  }
  try {
    zvonok::session wrong(config.set("grase", "1d"));
  } catch (const zvonok::error &error) {
    std::cout << "  " << error.name() << ":\n";
    for (const json &fault : error.faults())
      std::cout << "    " << fault["at"].text() << ": " << fault["message"]["ru"].text() << '\n';
  }
}

}  // namespace

int main(int count, char **arguments) {
  if (count < 5) {
    std::cerr << "host ROSTER KIND ADDRESS TOKEN [COMMUNITY]\n";
    return 2;
  }
  const std::string roster = arguments[1];
  std::cout << zvonok::version() << '\n';
  json platform{{"kind", arguments[2]}, {"base_url", arguments[3]}, {"token", arguments[4]}};
  if (count > 5) platform.set("community", arguments[5]);
  const json config{{"state", roster + ".db"}, {"profile", "paragraf"}, {"platform", platform}};
  try {
    zvonok::session session(config, {on_log, on_progress});
    const json report = session.sync_path(roster).document();
    std::cout << report["status"].text() << ": " << report["chats"].items().size() << " chats, "
              << report["tasks"].items().size() << " tasks\n";
    registry(session);
    to_do(session);
    one_chat(session, report["chats"][0]["key"].text());
    refusals(session, config);
  } catch (const zvonok::error &error) {
    std::cerr << error.ru() << '\n';
    return 1;
  }
}
