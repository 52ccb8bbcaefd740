// Replays a conversation through the C++ binding: LIBRARY (it is linked) STEPS, an answer a line.
#include <fstream>
#include <iostream>
#include <map>

#include <zvonok/zvonok.hpp>

using zvonok::json;

namespace {

// The host's own.
struct trouble : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct {
  json log = json::array(), phases = json::array(), during = json::array();
} heard;

std::map<std::string, std::unique_ptr<zvonok::session>> sessions;

std::string file(const json &step) {
  std::ifstream in(step["file"].text(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void say(const json &answer) { std::cout << answer.dump() << '\n'; }

json answer(const json &step);

void on_log(zvonok::log_level level, std::string_view text) {
  heard.log.add(json::array{static_cast<int>(level), text});
}

bool on_progress(zvonok::phase phase, std::uint32_t done, std::uint32_t total) {
  if (done > total) throw std::logic_error("more done than there is");
  const auto at = static_cast<std::int64_t>(phase);
  bool known = false;
  for (const json &told : heard.phases.items()) known |= told.integer() == at;
  if (!known) heard.phases.add(at);
  json now = json::array(), later = json::array();
  for (const json &step : heard.during.items())
    (step["phase"].integer() == at ? now : later).add(step);
  heard.during = later;
  for (const json &step : now.items()) {
    if (step["do"].text() == "throw") throw trouble(step["text"].text());
    if (step["do"].text() == "stop") return true;
    say(answer(step));
  }
  return false;
}

zvonok::reply begin(const json &step) {
  const zvonok::host host{on_log, on_progress};
  if (step["do"].text() == "run_task") {
    auto made = zvonok::session::run_task(file(step), host);
    sessions[step["on"].text()] = std::make_unique<zvonok::session>(std::move(made));
  } else {
    sessions[step["on"].text()] = std::make_unique<zvonok::session>(step["json"], host);
  }
  return sessions[step["on"].text()]->last();
}

zvonok::reply on_session(const json &step, zvonok::session &session) {
  const std::string verb = step["do"].text();
  if (verb == "sync") return session.sync(json::parse(file(step)), step["json"]);
  if (verb == "sync_path") return session.sync_path(step["file"].text(), step["json"]);
  if (verb == "request") return session.request(step["json"]);
  if (verb == "reply") return session.last();
  throw std::logic_error(verb);
}

zvonok::reply check(const json &step) {
  if (step["file"].is_null()) return zvonok::check(step["json"]);
  return zvonok::check(step["json"], json::parse(file(step)));
}

void perform(const json &step, json &told) {
  const std::string verb = step["do"].text();
  if (verb == "about") {
    told.set("abi", zvonok::abi_version()).set("version", zvonok::version());
    return;
  }
  if (verb == "describe") {
    told.set("text", zvonok::describe(static_cast<zvonok::code>(step["code"].integer())));
    return;
  }
  if (verb == "cancel" || verb == "close") {
    zvonok::session &session = *sessions.at(step["on"].text());
    verb == "cancel" ? session.cancel() : session.close();
    told.set("code", 0);
    return;
  }
  zvonok::reply reply = verb == "check"                        ? check(step)
                        : verb == "open" || verb == "run_task" ? begin(step)
                                                               : on_session(step, *sessions.at(step["on"].text()));
  told.set("code", static_cast<int>(reply.code)).set("reply", reply.document());
}

json answer(const json &step) {
  json told{{"step", step["name"]}};
  try {
    perform(step, told);
  } catch (const zvonok::error &error) {
    told.set("code", static_cast<int>(error.code())).set("reply", error.document());
    told.set("error", {{"name", error.name()},
                       {"ru", error.ru()},
                       {"en", error.en()},
                       {"faults", error.faults()},
                       {"retryable", error.retryable()}});
  } catch (const trouble &thrown) {
    told.set("thrown", thrown.what());
  }
  return told;
}

}  // namespace

int main(int, char **argv) {
  std::ifstream in(argv[2], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const json steps = json::parse(text);
  for (const json &step : steps.items()) {
    heard = {json::array(), json::array(), step["during"].items()};
    json told = answer(step);
    told.set("log", heard.log).set("phases", heard.phases);
    say(told);
  }
}
