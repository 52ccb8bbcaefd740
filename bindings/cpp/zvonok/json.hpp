// A JSON value: what requests and replies are made of, for hosts that have no JSON library.
//
// Fields keep their order. Numbers keep their text, so that nothing is rounded and no locale of the
// host's has a say. A host with a library of its own hands texts to zvonok.hpp and needs none of this.
#ifndef ZVONOK_JSON_HPP
#define ZVONOK_JSON_HPP

#include <cstdint>
#include <initializer_list>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace zvonok {

class json {
 public:
  using array = std::vector<json>;
  using field = std::pair<std::string, json>;
  using object = std::vector<field>;

  json() = default;
  json(std::nullptr_t) {}
  json(bool truth) : value_(truth) {}
  template <class N, std::enable_if_t<std::is_integral_v<N> && !std::is_same_v<N, bool>, int> = 0>
  json(N number) : value_(number_text{std::to_string(number)}) {}
  json(const char *text) : value_(std::string(text)) {}
  json(std::string_view text) : value_(std::string(text)) {}
  json(std::string text) : value_(std::move(text)) {}
  json(array items) : value_(std::move(items)) {}
  json(object fields) : value_(std::move(fields)) {}
  // json{{"method", "chats.list"}, {"actor", "system"}}
  json(std::initializer_list<field> fields) : value_(object(fields)) {}

  // Reads a document; std::invalid_argument tells where it is none.
  static json parse(std::string_view text);

  // The document as text in UTF-8.
  std::string dump() const {
    std::string out;
    write(out);
    return out;
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_object() const { return std::holds_alternative<object>(value_); }
  bool is_array() const { return std::holds_alternative<array>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }

  // What is asked for where it is another thing: empty, zero, false.
  const std::string &text() const { return of<std::string>(); }
  bool truth() const { return of<bool>(); }
  std::int64_t integer() const { return read<std::int64_t>(); }
  double number() const { return read<double>(); }
  const array &items() const { return of<array>(); }
  const object &fields() const { return of<object>(); }

  // A field, null where there is none.
  const json &operator[](std::string_view name) const {
    for (const field &found : fields())
      if (found.first == name) return found.second;
    return nothing();
  }
  const json &operator[](const char *name) const { return (*this)[std::string_view(name)]; }
  template <class N, std::enable_if_t<std::is_integral_v<N>, int> = 0>
  const json &operator[](N place) const {
    const auto at = static_cast<std::size_t>(place);
    return at < items().size() ? items()[at] : nothing();
  }

  // Sets a field; what was no object becomes one.
  json &set(std::string_view name, json value) {
    if (!is_object()) value_ = object();
    object &fields = std::get<object>(value_);
    for (field &found : fields) {
      if (found.first != name) continue;
      found.second = std::move(value);
      return *this;
    }
    fields.emplace_back(std::string(name), std::move(value));
    return *this;
  }

  // Appends an item; what was no array becomes one.
  json &add(json value) {
    if (!is_array()) value_ = array();
    std::get<array>(value_).push_back(std::move(value));
    return *this;
  }

 private:
  struct number_text {
    std::string digits;
  };
  class reader;

  std::variant<std::monostate, bool, number_text, std::string, array, object> value_;

  static const json &nothing() {
    static const json null;
    return null;
  }

  template <class T>
  const T &of() const {
    static const T none{};
    const T *found = std::get_if<T>(&value_);
    return found ? *found : none;
  }

  template <class T>
  T read() const {
    T number{};
    std::istringstream in(of<number_text>().digits);
    in.imbue(std::locale::classic());
    in >> number;
    return number;
  }

  void write(std::string &out) const {
    if (is_null()) out += "null";
    if (auto *truth = std::get_if<bool>(&value_)) out += *truth ? "true" : "false";
    if (auto *number = std::get_if<number_text>(&value_)) out += number->digits;
    if (auto *text = std::get_if<std::string>(&value_)) quote(out, *text);
    char before = '[';
    for (const json &item : items()) {
      out += std::exchange(before, ',');
      item.write(out);
    }
    if (is_array()) out += before == '[' ? "[]" : "]";
    before = '{';
    for (const field &found : fields()) {
      out += std::exchange(before, ',');
      quote(out, found.first);
      out += ':';
      found.second.write(out);
    }
    if (is_object()) out += before == '{' ? "{}" : "}";
  }

  static void quote(std::string &out, const std::string &text) {
    static const char hex[] = "0123456789abcdef";
    out += '"';
    for (unsigned char c : text) {
      if (c == '"' || c == '\\') {
        out += '\\';
        out += static_cast<char>(c);
      } else if (c < 0x20) {
        out += "\\u00";
        out += hex[c >> 4];
        out += hex[c & 15];
      } else {
        out += static_cast<char>(c);
      }
    }
    out += '"';
  }
};

class json::reader {
 public:
  explicit reader(std::string_view text) : text_(text) {}

  json document() {
    json found = value(0);
    space();
    if (at_ < text_.size()) refuse("nothing more");
    return found;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;

  [[noreturn]] void refuse(const char *expected) const {
    throw std::invalid_argument("JSON, byte " + std::to_string(at_) + ": expected " + expected);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(peek()) != text_.npos) at_++;
  }

  bool take(char wanted) {
    space();
    if (peek() != wanted) return false;
    at_++;
    return true;
  }

  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  json value(int depth) {
    if (depth > 128) refuse("less depth");
    if (take('{')) return fields(depth);
    if (take('[')) return items(depth);
    if (peek() == '"') return string();
    if (take("null")) return {};
    if (take("true")) return true;
    if (take("false")) return false;
    return number();
  }

  json fields(int depth) {
    object found;
    if (take('}')) return found;
    do {
      space();
      std::string name = string();
      if (!take(':')) refuse("a colon");
      found.emplace_back(std::move(name), value(depth + 1));
    } while (take(','));
    if (!take('}')) refuse("a comma or a brace");
    return found;
  }

  json items(int depth) {
    array found;
    if (take(']')) return found;
    do found.push_back(value(depth + 1));
    while (take(','));
    if (!take(']')) refuse("a comma or a bracket");
    return found;
  }

  json number() {
    std::size_t end = text_.find_first_not_of("+-.0123456789Ee", at_);
    if (end == text_.npos) end = text_.size();
    if (end == at_) refuse("a value");
    json found;
    found.value_ = number_text{std::string(text_.substr(at_, end - at_))};
    at_ = end;
    return found;
  }

  std::string string() {
    if (!take('"')) refuse("a text");
    std::string out;
    while (at_ < text_.size() && peek() != '"') {
      char c = text_[at_++];
      if (c == '\\')
        escape(out);
      else
        out += c;
    }
    if (!take('"')) refuse("the end of a text");
    return out;
  }

  void escape(std::string &out) {
    static const std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    char name = peek();
    at_++;
    if (name == 'u') return utf8(out, code_point());
    std::size_t place = names.find(name);
    if (place == names.npos) refuse("an escape");
    out += values[place];
  }

  std::uint32_t unit() {
    std::uint32_t found = 0;
    for (int digit = 0; digit < 4; digit++, at_++) {
      std::size_t value = std::string_view("0123456789abcdef").find(peek() | 0x20);
      if (value > 15) refuse("four hexadecimal digits");
      found = found * 16 + static_cast<std::uint32_t>(value);
    }
    return found;
  }

  std::uint32_t code_point() {
    std::uint32_t first = unit();
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first > 0xdbff || !take(std::string_view("\\u"))) refuse("a pair of surrogates");
    std::uint32_t second = unit();
    if (second < 0xdc00 || second > 0xdfff) refuse("a pair of surrogates");
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  static void utf8(std::string &out, std::uint32_t c) {
    if (c < 0x80) {
      out += static_cast<char>(c);
      return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    out += static_cast<char>(heads[more] | (c >> (6 * more)));
    while (more-- > 0) out += static_cast<char>(0x80 | ((c >> (6 * more)) & 0x3f));
  }
};

inline json json::parse(std::string_view text) { return reader(text).document(); }

}  // namespace zvonok

#endif
