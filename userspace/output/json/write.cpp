// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <iterator>
#include <ostream>
#include <utility>

#include "output/json/diff_fields.hpp"
#include "output/json/doctor_fields.hpp"
#include "output/json/json.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kPieceBytes = 65536;

/// Appends described values to a text, and passes it to the sink one piece at a time.
class JsonWriter {
 public:
  JsonWriter() = default;
  explicit JsonWriter(const TextSink& sink) : sink_(&sink) {}

  std::string text;

  void value(bool v) { text += v ? "true" : "false"; }
  void value(std::integral auto v) { append_number(v); }
  void value(double v) { std::isfinite(v) ? append_number(v) : null(); }
  void value(Nanoseconds v) { append_seconds(text, v); }
  void value(const IpAddress& v) { quoted(v.to_string()); }
  void value(const std::string& v) { is_plain(v) ? quoted(v) : odd(v); }
  void value(const OutsideText& v) { value(v.raw()); }
  void value(IsNamedEnum auto v) { quoted(enum_name(v)); }

  void value(Instant v) {
    text += '"';
    instants_.append(text, v);
    text += '"';
  }

  template <class T>
  void value(const std::optional<T>& v) {
    v ? value(*v) : null();
  }

  template <class T>
  void value(const std::vector<T>& list) {
    text += '[';
    ++depth_;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) text += ',';
      if constexpr (own_line<T>()) new_line();
      value(list[i]);
    }
    --depth_;
    if constexpr (own_line<T>())
      if (!list.empty()) new_line();
    text += ']';
  }

  template <IsDescribed T>
  void value(const T& object) {
    constexpr bool block = Described<T>::layout == Layout::block;
    text += '{';
    ++depth_;
    bool first = true;
    for_each_field<T>([&](const auto& f) {
      if (!std::exchange(first, false)) text += ',';
      if constexpr (block) new_line();
      text += '"';
      text += f.name;
      text += block ? "\": " : "\":";
      value(f.of(object));
    });
    --depth_;
    if constexpr (block) new_line();
    text += '}';
  }

  /// Passes on the rest.
  [[nodiscard]] Result<void> finish() {
    hand_over();
    return status_;
  }

 private:
  template <class T>
  static consteval bool own_line() {
    if constexpr (IsDescribed<T>) return Described<T>::layout != Layout::inlined;
    return false;
  }

  void null() { text += "null"; }

  template <class Number>
  void append_number(Number v) {
    std::array<char, 32> digits{};
    text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), v).ptr);
  }

  void quoted(std::string_view v) {
    text += '"';
    text += v;
    text += '"';
  }

  static bool is_plain(std::string_view v) {
    return std::all_of(v.begin(), v.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  }

  void odd(std::string_view v) {
    text += '"';
    while (!v.empty()) {
      const Utf8Character character = first_character(v);
      escaped(character.valid ? character.code : U'\ufffd');
      v.remove_prefix(character.bytes);
    }
    text += '"';
  }

  /// Any string (RFC 8259, section 7), in ASCII.
  void escaped(char32_t code) {
    constexpr std::string_view special = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    const auto number = static_cast<std::uint32_t>(code);
    const auto out = std::back_inserter(text);
    if (const auto i = number < 0x80 ? special.find(static_cast<char>(number)) : special.npos; i != special.npos)
      text += {'\\', letters[i]};
    else if (number >= ' ' && number <= '~')
      text += static_cast<char>(number);
    else if (number <= 0xffff)
      fmt::format_to(out, "\\u{:04x}", number);
    else  // a surrogate pair
      fmt::format_to(out, "\\u{:04x}\\u{:04x}", 0xd7c0 + (number >> 10), 0xdc00 + (number & 0x3ff));
  }

  void new_line() {
    if (text.size() >= kPieceBytes) hand_over();
    text += '\n';
    text.append(2 * depth_, ' ');
  }

  void hand_over() {
    if (sink_ == nullptr) return;
    if (status_ && !text.empty()) status_ = (*sink_)(text);
    text.clear();
  }

  const TextSink* sink_ = nullptr;
  Result<void> status_;
  std::size_t depth_ = 0;
  InstantText instants_;
};

}  // namespace

Result<void> write_dump(const TextSink& sink, const Snapshot& snapshot) {
  JsonWriter writer(sink);
  writer.value(snapshot);
  writer.text += '\n';
  return writer.finish();
}

void write_dump(std::ostream& out, const Snapshot& snapshot) {
  const TextSink sink = [&out](std::string_view piece) -> Result<void> {
    if (out.write(piece.data(), static_cast<std::streamsize>(piece.size()))) return {};
    return failure("cannot write the dump");
  };
  const Result<void> written = write_dump(sink, snapshot);
  if (!written) out.setstate(std::ios::failbit);
}

std::string diff_json(const Diff& diff) {
  JsonWriter writer;
  writer.value(diff);
  writer.text += '\n';
  return std::move(writer.text);
}

std::string doctor_json(const Diagnosis& diagnosis) {
  JsonWriter writer;
  writer.value(diagnosis);
  writer.text += '\n';
  return std::move(writer.text);
}

void write_connection_line(std::string& out, const ConnectionLine& line) {
  JsonWriter writer;
  writer.text.swap(out);
  writer.value(line);
  writer.text += '\n';
  writer.text.swap(out);
}

}  // namespace acceptscope
