// SPDX-License-Identifier: BSD-2-Clause
#include <cmath>
#include <concepts>
#include <istream>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "output/json.hpp"

namespace acceptscope {
namespace {

using Json = nlohmann::json;

/// Leads to a value of the dump, for errors: "services[0].workers[2].pid". Kept on the stack, so it costs nothing
/// until it is needed.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;
  std::size_t index = 0;

  [[nodiscard]] std::string text() const {
    if (parent == nullptr) return std::string(name);
    const std::string above = parent->text();
    if (name.empty()) return above + "[" + std::to_string(index) + "]";
    return above.empty() ? std::string(name) : above + "." + std::string(name);
  }
};

/// What is wrong with a value; caught in this file.
struct Mismatch {
  std::string text;
};

[[noreturn]] void mismatch(const Path& path, std::string_view expected) {
  throw Mismatch{path.text() + " is not " + std::string(expected)};
}

void read(const Json& json, bool& out, const Path& path) {
  if (!json.is_boolean()) mismatch(path, "true or false");
  out = json.get<bool>();
}

template <std::integral T>
void read(const Json& json, T& out, const Path& path) {
  constexpr std::string_view expected = std::is_unsigned_v<T> ? "a count" : "an integer";
  if constexpr (std::is_unsigned_v<T>) {
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > std::numeric_limits<T>::max())
      mismatch(path, expected);
  } else {
    if (!json.is_number_integer() || !std::in_range<T>(json.get<std::int64_t>())) mismatch(path, expected);
  }
  out = json.get<T>();
}

void read(const Json& json, double& out, const Path& path) {
  if (!json.is_number()) mismatch(path, "a number");
  out = json.get<double>();
}

void read(const Json& json, std::string& out, const Path& path) {
  if (!json.is_string()) mismatch(path, "a string");
  out = json.get<std::string>();
}

/// Exact for runs of up to 100 days, where a double still tells nanoseconds apart.
void read(const Json& json, Nanoseconds& out, const Path& path) {
  constexpr double limit_seconds = 9.2e9;
  if (!json.is_number() || std::abs(json.get<double>()) > limit_seconds) mismatch(path, "a duration in seconds");
  out = json.is_number_integer() ? Nanoseconds{std::chrono::seconds{json.get<std::int64_t>()}}
                                 : Nanoseconds{std::llround(json.get<double>() * 1e9)};
}

/// The digits of `text` at `first`, `count` of them, as a number; throws when one is missing.
int digits(std::string_view text, std::size_t first, std::size_t count, const Path& path) {
  int value = 0;
  for (const char c : text.substr(first, count)) {
    if (c < '0' || c > '9') mismatch(path, "an instant such as 2024-05-01T14:02:11.000000000Z");
    value = value * 10 + (c - '0');
  }
  return value;
}

void read(const Json& json, Instant& out, const Path& path) {
  using namespace std::chrono;
  constexpr std::string_view shape = "0000-00-00T00:00:00.000000000Z";
  const std::string text = json.is_string() ? json.get<std::string>() : std::string();
  bool shaped = text.size() == shape.size();
  for (std::size_t i = 0; shaped && i < shape.size(); ++i) shaped = shape[i] == '0' || shape[i] == text[i];
  const auto part = [&](std::size_t first, std::size_t count) { return digits(text, first, count, path); };
  if (!shaped) mismatch(path, "an instant such as 2024-05-01T14:02:11.000000000Z");
  const year_month_day date{year{part(0, 4)}, month{static_cast<unsigned>(part(5, 2))},
                            day{static_cast<unsigned>(part(8, 2))}};
  // The years that nanoseconds in 64 bits can hold.
  if (!date.ok() || date.year() < year{1678} || date.year() > year{2261}) mismatch(path, "a date");
  const auto time = hours{part(11, 2)} + minutes{part(14, 2)} + seconds{part(17, 2)} + nanoseconds{part(20, 9)};
  out.unix_ns = duration_cast<nanoseconds>(sys_days{date}.time_since_epoch()).count() + nanoseconds{time}.count();
}

void read(const Json& json, IpAddress& out, const Path& path) {
  std::string text;
  read(json, text, path);
  const Result<IpAddress> address = IpAddress::parse(text);
  if (!address) mismatch(path, "an IP address");
  out = *address;
}

template <IsNamedEnum T>
void read(const Json& json, T& out, const Path& path) {
  std::string text;
  read(json, text, path);
  for (const auto& [value, name] : EnumNames<T>::values) {
    if (name != text) continue;
    out = value;
    return;
  }
  mismatch(path, "one of the values that this version knows");
}

template <IsDescribed T>
void read(const Json& json, T& out, const Path& path);

template <class T>
void read(const Json& json, std::optional<T>& out, const Path& path) {
  out.reset();
  if (!json.is_null()) read(json, out.emplace(), path);
}

template <class T>
void read(const Json& json, std::vector<T>& out, const Path& path) {
  if (!json.is_array()) mismatch(path, "a list");
  out.resize(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) read(json[i], out[i], Path{&path, {}, i});
}

/// Fields that are not known are passed over: they may come from a later version. A field that is missing must be
/// one that can be unknown, or one that earlier versions did not have.
template <IsDescribed T>
void read(const Json& json, T& out, const Path& path) {
  if (!json.is_object()) mismatch(path, "an object");
  for_each_field<T>([&](const auto& f) {
    const Path here{&path, f.name};
    const auto found = json.find(std::string(f.name));
    if (found != json.end()) return read(*found, f.of(out), here);
    using Value = typename std::remove_cvref_t<decltype(f)>::value_type;
    if (!kIsOptional<Value> && f.since == Since::first) throw Mismatch{here.text() + " is missing"};
  });
}

/// Takes the elements of the top-level list "connections" out of the parser's hands one by one, as they are complete.
class ConnectionTaker {
 public:
  /// False when the value was taken over and need not be kept.
  bool keep(int depth, Json::parse_event_t event, const Json& value) {
    if (depth == 1 && event == Json::parse_event_t::key) inside_ = value == "connections";
    if (!inside_ || depth != 2 || event != Json::parse_event_t::object_end) return true;
    take(value);
    return false;
  }

  std::vector<ConnectionRow> rows;
  std::string error;  ///< the first one

 private:
  void take(const Json& value) {
    if (!error.empty()) return;
    const Path root;
    const Path list{&root, "connections"};
    const Path here{&list, {}, rows.size()};
    try {
      read(value, rows.emplace_back(), here);
    } catch (const Mismatch& found) {
      error = found.text;
    }
  }

  bool inside_ = false;
};

/// `at_end`: the error was met at the end of the input.
tl::unexpected<Error> parse_failure(const Json::exception& thrown, bool at_end, std::string_view name) {
  const std::string file(name);
  const std::string_view why = thrown.what();
  if (why.find("; expected end of input") != std::string_view::npos)
    return failure(file + " is not a dump: more follows its first value", "give a file of --output, not of --log");
  if (at_end) return failure(file + " ends too early", "was its writing interrupted?");
  const auto* parse_error = dynamic_cast<const Json::parse_error*>(&thrown);
  const std::string where = parse_error ? ", as byte " + std::to_string(parse_error->byte) + " shows" : "";
  return failure(file + " is not JSON" + where, "give a file of --output");
}

/// Whether this is a dump at all, and of a version that is understood.
Result<void> check_origin(const Json& json, std::string_view name) {
  const std::string file(name);
  const Json tool = json.is_object() ? json.value("tool", Json()) : Json();
  const Json tool_name = tool.is_object() ? tool.value("name", Json()) : Json();
  const Json version = json.is_object() ? json.value("schema_version", Json()) : Json();
  if (tool_name != ToolInfo{}.name || !version.is_number_unsigned())
    return failure(file + " is JSON, but not a dump of acceptscope", "give a file of --output");
  if (version.get<std::uint64_t>() == kSchemaVersion) return {};
  return failure(
      file + " has schema_version " + version.dump() + ", this program reads " + std::to_string(kSchemaVersion),
      "use the version of acceptscope that wrote it");
}

Result<Json> parse(std::istream& in, ConnectionTaker& taker, std::string_view name) {
  if (in.peek() == std::istream::traits_type::eof())
    return failure(std::string(name) + " is empty", "was its writing interrupted?");
  try {
    return Json::parse(
        in, [&taker](int depth, Json::parse_event_t event, Json& value) { return taker.keep(depth, event, value); });
  } catch (const Json::exception& thrown) {
    return parse_failure(thrown, in.eof(), name);
  }
}

}  // namespace

Result<Snapshot> read_dump(std::istream& in, std::string_view name) {
  ConnectionTaker taker;
  const Result<Json> json = parse(in, taker, name);
  if (!json) return tl::unexpected(json.error());
  if (const Result<void> origin = check_origin(*json, name); !origin) return tl::unexpected(origin.error());
  Snapshot snapshot;
  try {
    read(*json, snapshot, Path{});
  } catch (const Mismatch& found) {
    taker.error = found.text;
  }
  if (!taker.error.empty())
    return failure(std::string(name) + " is damaged: " + taker.error, "was it edited, or written by an older version?");
  snapshot.connections = std::move(taker.rows);
  return snapshot;
}

}  // namespace acceptscope
