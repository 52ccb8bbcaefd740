// A school's messenger chats follow the school's own data: zvonok.h for C++17.
//
//   zvonok::session session(R"({"state": "/var/lib/school/zvonok.db", ...})");
//   zvonok::reply report = session.sync(roster);
//   zvonok::json chats = session.request({{"method", "chats.list"}, {"actor", "system"}}).document();
//
// A call that failed throws zvonok::error; a call that finished with something to look at returns a
// reply whose code is partial or held. A session ends with its object. All text is UTF-8.
#ifndef ZVONOK_HPP
#define ZVONOK_HPP

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <zvonok.h>

#include "json.hpp"

namespace zvonok {

// What a call returned. Later versions of the library may have more.
enum class code : std::int32_t {
  ok = ZVONOK_OK,
  partial = ZVONOK_PARTIAL,
  held = ZVONOK_HELD,
  bad_handle = ZVONOK_BAD_HANDLE,
  bad_argument = ZVONOK_BAD_ARGUMENT,
  busy = ZVONOK_BUSY,
  locked = ZVONOK_LOCKED,
  config = ZVONOK_CONFIG,
  roster = ZVONOK_ROSTER,
  profile = ZVONOK_PROFILE,
  state = ZVONOK_STATE,
  platform = ZVONOK_PLATFORM,
  auth = ZVONOK_AUTH,
  denied = ZVONOK_DENIED,
  request = ZVONOK_REQUEST,
  cancelled = ZVONOK_CANCELLED,
  internal = ZVONOK_INTERNAL,
};

enum class log_level : std::int32_t {
  error = ZVONOK_LOG_ERROR,
  warning = ZVONOK_LOG_WARNING,
  info = ZVONOK_LOG_INFO,
  debug = ZVONOK_LOG_DEBUG,
};

enum class phase : std::int32_t {
  reading = ZVONOK_PHASE_READING,
  checking = ZVONOK_PHASE_CHECKING,
  applying = ZVONOK_PHASE_APPLYING,
};

inline std::uint32_t abi_version() { return zvonok_abi_version(); }

// The library's version and what is inside, in one line, for support.
inline std::string version() { return zvonok_version(); }

// One English sentence for a code.
inline std::string describe(code of) { return zvonok_strerror(static_cast<std::int32_t>(of)); }

// A document on its way in: text, or a json.
class text {
 public:
  text(std::string_view utf8) : utf8_(utf8) {}
  text(std::string utf8) : utf8_(std::move(utf8)) {}
  text(const char *utf8) : utf8_(utf8) {}
  text(const json &document) : utf8_(document.dump()) {}
  text(std::initializer_list<json::field> fields) : text(json(fields)) {}

  const char *data() const { return utf8_.data(); }
  std::size_t size() const { return utf8_.size(); }

 private:
  std::string utf8_;
};

// What a call came to and the document that it left.
struct reply {
  zvonok::code code = code::ok;
  std::string text = "{}";

  json document() const { return json::parse(text); }
};

// A call failed.
class error : public std::runtime_error {
 public:
  error(zvonok::code code, std::string text) : error(code, text, json::parse(text)) {}

  zvonok::code code() const { return code_; }
  // ROSTER
  std::string name() const { return document_["name"].text(); }
  // The sentence in either language.
  std::string ru() const { return document_["message"]["ru"].text(); }
  std::string en() const { return document_["message"]["en"].text(); }
  // What is wrong where: objects with code, at, value, message.
  json::array faults() const { return document_["faults"].items(); }
  // Whether the same call may succeed later.
  bool retryable() const { return document_["retryable"].truth(); }
  const json &document() const { return document_; }
  const std::string &text() const { return text_; }

 private:
  zvonok::code code_;
  std::string text_;
  json document_;

  error(zvonok::code code, std::string &text, json document)
      : std::runtime_error(document["name"].text() + ": " + document["message"]["en"].text()),
        code_(code),
        text_(std::move(text)),
        document_(std::move(document)) {}
};

// What the library calls, on the thread of the call. An exception of progress cancels the call, one
// of log stops nothing; either is thrown again when the call is over.
struct host {
  std::function<void(log_level, std::string_view)> log;
  // true cancels the call.
  std::function<bool(phase, std::uint32_t done, std::uint32_t total)> progress;
};

// An open session. From any thread, one call at a time.
class session {
 public:
  explicit session(const text &config, host callbacks = {}) {
    start(zvonok_open, config, std::move(callbacks));
  }

  // A scheduler's whole job: the session's last() is the report.
  static session run_task(const text &settings, host callbacks = {}) {
    session made;
    made.start(zvonok_run_task, settings, std::move(callbacks));
    return made;
  }

  session(session &&) noexcept = default;
  session &operator=(session &&) noexcept = default;

  // One cycle with a roster.
  reply sync(const text &roster, const text &options = "") {
    return call([&](zvonok_session *s) {
      return zvonok_sync(s, roster.data(), roster.size(), options.data(), options.size());
    });
  }

  // One cycle with the roster at an absolute path in UTF-8: JSON, or a folder or zip of CSV.
  reply sync_path(std::string_view path, const text &options = "") {
    return call([&](zvonok_session *s) {
      return zvonok_sync_path(s, path.data(), path.size(), options.data(), options.size());
    });
  }

  // One question or order from the host's screens.
  reply request(const text &request) {
    return call(
        [&](zvonok_session *s) { return zvonok_request(s, request.data(), request.size()); });
  }

  // What the last call came to.
  const reply &last() const { return inside_->last; }

  // Ends the running call soon; from any thread, also from a callback.
  void cancel() { inside_->check(zvonok_cancel(inside_->handle)); }

  // Ends the session and tells a failure, which the end of the object does not: busy.
  void close() {
    alone guard(*inside_);
    inside_->check(zvonok_close(inside_->handle));
    inside_->handle = nullptr;
  }

 private:
  // Stays where it is while the session moves, because the library knows its address.
  struct interior {
    zvonok_session *handle = nullptr;
    host callbacks;
    std::exception_ptr thrown;
    std::atomic_flag busy = ATOMIC_FLAG_INIT;
    reply last;

    ~interior() { zvonok_close(handle); }

    // For calls that leave no document.
    void check(std::int32_t found) const {
      if (found < 0) throw error(static_cast<code>(found), zvonok_reply(handle, nullptr));
    }
  };

  // A reply is borrowed until the next call, so that one has to wait.
  class alone {
   public:
    explicit alone(interior &of) : of_(of) {
      if (of.busy.test_and_set()) {
        json message{{"en", describe(code::busy)}};
        json told{{"name", "BUSY"}, {"message", message}, {"retryable", true}};
        throw error(code::busy, told.dump());
      }
    }
    ~alone() { of_.busy.clear(); }
    alone(const alone &) = delete;

   private:
    interior &of_;
  };

  std::unique_ptr<interior> inside_ = std::make_unique<interior>();

  session() = default;

  template <class F>
  void start(F function, const text &document, host callbacks) {
    if (zvonok_abi_version() != ZVONOK_ABI_VERSION)
      throw std::runtime_error("the library speaks another generation of the interface");
    interior *in = inside_.get();
    in->callbacks = std::move(callbacks);
    zvonok_host c = {sizeof c, ZVONOK_ABI_VERSION, in, nullptr, nullptr};
    if (in->callbacks.log) c.log = on_log;
    if (in->callbacks.progress) c.progress = on_progress;
    finished(function(document.data(), document.size(), &c, &in->handle));
  }

  template <class F>
  reply call(F function) {
    alone guard(*inside_);
    return finished(function(inside_->handle));
  }

  // Takes the reply; what a callback threw goes first.
  reply finished(std::int32_t found) {
    std::size_t size = 0;
    const char *text = zvonok_reply(inside_->handle, &size);
    inside_->last = {static_cast<code>(found), std::string(text, size)};
    if (auto thrown = std::exchange(inside_->thrown, nullptr)) std::rethrow_exception(thrown);
    if (found < 0) throw error(inside_->last.code, inside_->last.text);
    return inside_->last;
  }

  static void ZVONOK_CALL on_log(void *data, std::int32_t level, const char *text,
                                 std::size_t size) noexcept {
    interior *in = static_cast<interior *>(data);
    try {
      in->callbacks.log(static_cast<log_level>(level), std::string_view(text, size));
    } catch (...) {
      if (!in->thrown) in->thrown = std::current_exception();
    }
  }

  static std::int32_t ZVONOK_CALL on_progress(void *data, std::int32_t at, std::uint32_t done,
                                              std::uint32_t total) noexcept {
    interior *in = static_cast<interior *>(data);
    try {
      return in->callbacks.progress(static_cast<phase>(at), done, total);
    } catch (...) {
      if (!in->thrown) in->thrown = std::current_exception();
      return 1;
    }
  }
};

// Looks for every fault without the state file and the network. Faults throw nothing: they are the
// reply, and its code is the first of config, profile, roster that a fault is of.
inline reply check(const text &config, const std::optional<text> &roster = std::nullopt) {
  zvonok_session *session = nullptr;
  const char *data = roster ? roster->data() : nullptr;
  std::size_t size = roster ? roster->size() : 0;
  std::int32_t found = zvonok_check(config.data(), config.size(), data, size, &session);
  reply told{static_cast<code>(found), zvonok_reply(session, nullptr)};
  zvonok_close(session);
  bool faults = found == ZVONOK_CONFIG || found == ZVONOK_PROFILE || found == ZVONOK_ROSTER;
  if (found < 0 && !faults) throw error(told.code, told.text);
  return told;
}

}  // namespace zvonok

#endif
