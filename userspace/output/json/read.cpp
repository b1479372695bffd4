// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <rapidjson/reader.h>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdlib>
#include <istream>
#include <limits>
#include <span>
#include <utility>

#include "output/json/json.hpp"

namespace acceptscope {
namespace {

/// A dump nests 7 levels deep. Other input may nest without limit, which must not exhaust our stack.
constexpr std::size_t kDeepest = 64;

/// Longest string or number, bytes: command lines are shorter by far.
constexpr std::size_t kLongest = 8U << 20;

/// A value from the parser that is neither an object nor a list.
struct Scalar {
  enum class Kind : std::uint8_t { null, boolean, number, string };
  Kind kind = Kind::null;
  bool truth = false;
  std::string_view text;  ///< of a number or string
};

using Kind = Scalar::Kind;

/// The error of a value: null if it is right, else the expected kind ("a count").
using Complaint = const char*;

// ---- scalars --------------------------------------------------------------------------------------------------------

Complaint assign(bool& out, const Scalar& value) {
  if (value.kind != Kind::boolean) return "true or false";
  out = value.truth;
  return nullptr;
}

template <class T>
bool whole(std::string_view text, T& out) {
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc{} && rest == text.data() + text.size();
}

/// Other programs write 1e+17 or 3.0 for whole numbers.
bool to_double(std::string_view text, double& out) { return whole(text, out) && std::isfinite(out); }

template <std::integral T>
Complaint assign(T& out, const Scalar& value) {
  constexpr Complaint expected = std::is_unsigned_v<T> ? "a count" : "an integer";
  constexpr double exact = 0x1p53;
  if (value.kind != Kind::number) return expected;
  if (whole(value.text, out)) return nullptr;
  double number = 0;
  if (!to_double(value.text, number) || number != std::floor(number) || std::abs(number) > exact) return expected;
  const auto integer = static_cast<std::int64_t>(number);
  if (!std::in_range<T>(integer)) return expected;
  out = static_cast<T>(integer);
  return nullptr;
}

Complaint assign(double& out, const Scalar& value) {
  return value.kind == Kind::number && to_double(value.text, out) ? nullptr : "a number";
}

Complaint assign(OutsideText& out, const Scalar& value) {
  if (value.kind != Kind::string) return "a string";
  out = value.text;
  return nullptr;
}

/// Seconds with at most 9 decimals and no exponent, as written here: exact.
bool plain_seconds(std::string_view text, Nanoseconds& out) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view decimals = text.substr(std::min(point + 1, text.size()));
  std::int64_t seconds = 0;
  std::int64_t fraction = 0;
  if (point > 10 || decimals.size() > 9 || !whole(text.substr(0, point), seconds)) return false;
  if (!decimals.empty() && !whole(decimals, fraction)) return false;
  for (std::size_t i = decimals.size(); i < 9 && fraction > 0; ++i) fraction *= 10;
  const std::int64_t ns = seconds * 1'000'000'000 + fraction;
  out = Nanoseconds{negative ? -ns : ns};
  return true;
}

Complaint assign(Nanoseconds& out, const Scalar& value) {
  constexpr Complaint expected = "a duration in seconds";
  constexpr double limit_seconds = 9.2e9;
  double seconds = 0;
  if (value.kind != Kind::number || !to_double(value.text, seconds) || std::abs(seconds) > limit_seconds)
    return expected;
  if (!plain_seconds(value.text, out)) out = Nanoseconds{std::llround(seconds * 1e9)};
  return nullptr;
}

Complaint assign(Instant& out, const Scalar& value) {
  using namespace std::chrono;
  constexpr Complaint expected = "an instant such as 2024-05-01T14:02:11.000000000Z";
  constexpr std::string_view shape = "0000-00-00T00:00:00.000000000Z";
  const std::string_view text = value.text;
  if (value.kind != Kind::string || text.size() != shape.size()) return expected;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return expected;
  }
  const auto part = [text](std::size_t first, std::size_t count) {
    int number = 0;
    for (const char c : text.substr(first, count)) number = number * 10 + (c - '0');
    return number;
  };
  const year_month_day date{year{part(0, 4)}, month{static_cast<unsigned>(part(5, 2))},
                            day{static_cast<unsigned>(part(8, 2))}};
  // The years that nanoseconds in 64 bits can hold.
  if (!date.ok() || date.year() < year{1678} || date.year() > year{2261}) return "a date";
  const auto time = hours{part(11, 2)} + minutes{part(14, 2)} + seconds{part(17, 2)} + nanoseconds{part(20, 9)};
  out.unix_ns = duration_cast<nanoseconds>(sys_days{date}.time_since_epoch()).count() + nanoseconds{time}.count();
  return nullptr;
}

Complaint assign(IpAddress& out, const Scalar& value) {
  if (value.kind != Kind::string) return "a string";
  const Result<IpAddress> address = IpAddress::parse(value.text);
  if (!address) return "an IP address";
  out = *address;
  return nullptr;
}

template <IsNamedEnum T>
Complaint assign(T& out, const Scalar& value) {
  if (value.kind != Kind::string) return "a string";
  const std::optional<T> named = enum_named<T>(value.text);
  if (!named) return "one of the values that this version knows";
  out = *named;
  return nullptr;
}

// ---- types, as tables that guide the handler below ------------------------------------------------------------------

struct Type;

struct FieldEntry {
  std::string_view name;
  void* (*of)(void* owner);
  const Type& (*type)();
  bool required;
};

/// How to read values of one C++ type. Exactly one of `scalar`, `fields` and `append` is set.
struct Type {
  Complaint expected;  ///< the expected kind of value, for errors
  Complaint (*scalar)(void* target, const Scalar& value) = nullptr;
  std::span<const FieldEntry> fields = {};  ///< of an object
  void* (*append)(void* list) = nullptr;    ///< adds an element to a list
  const Type& (*element)() = nullptr;       ///< of a list
  void (*reset)(void* target) = nullptr;    ///< of an optional: null is a valid value
  void* (*engage)(void* target) = nullptr;  ///< of an optional: makes it hold something
};

template <class T>
const Type& type_of();

template <class T, std::size_t I>
FieldEntry field_entry() {
  using F = std::remove_cvref_t<decltype(std::get<I>(Described<T>::fields))>;
  using Value = typename F::value_type;
  constexpr const auto& f = std::get<I>(Described<T>::fields);
  return {f.name, [](void* owner) -> void* { return &std::get<I>(Described<T>::fields).of(*static_cast<T*>(owner)); },
          type_of<Value>, !kIsOptional<Value> && f.since == Since::first};
}

/// The value type of an optional; T itself otherwise.
template <class T>
struct Inside {
  using type = T;
};
template <class T>
struct Inside<std::optional<T>> {
  using type = T;
};

template <class T>
Type make_type() {
  if constexpr (kIsOptional<T>) {
    Type type = make_type<typename Inside<T>::type>();
    type.reset = [](void* target) { static_cast<T*>(target)->reset(); };
    type.engage = [](void* target) -> void* { return &static_cast<T*>(target)->emplace(); };
    return type;
  } else if constexpr (kIsVector<T>) {
    Type type{"a list"};
    type.append = [](void* list) -> void* { return &static_cast<T*>(list)->emplace_back(); };
    type.element = type_of<typename T::value_type>;
    return type;
  } else if constexpr (IsDescribed<T>) {
    constexpr std::size_t count = std::tuple_size_v<std::remove_cvref_t<decltype(Described<T>::fields)>>;
    static_assert(count <= 64, "Frame::seen has 64 bits");
    static const auto fields = []<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<FieldEntry, count>{field_entry<T, I>()...};
    }
    (std::make_index_sequence<count>{});
    Type type{"an object"};
    type.fields = fields;
    return type;
  } else {
    Type type{nullptr};
    type.scalar = [](void* target, const Scalar& value) { return assign(*static_cast<T*>(target), value); };
    return type;
  }
}

template <class T>
const Type& type_of() {
  static const Type type = make_type<T>();
  return type;
}

/// The error for a list or an object in place of a scalar.
Complaint expected_of(const Type& type) {
  if (type.scalar == nullptr) return type.expected;
  alignas(std::max_align_t) static std::array<std::byte, 64> nowhere{};
  return type.scalar(&nowhere, Scalar{});  // null fits no scalar, and nothing is written
}

// ---- the handler ----------------------------------------------------------------------------------------------------

/// Turns the parser's events into a Snapshot. Remembers the first value that does not fit and skips the rest: only the
/// end shows whether this is a dump at all.
class DumpHandler {
 public:
  DumpHandler(Snapshot& snapshot, const ConnectionSink& sink) : snapshot_(snapshot), sink_(sink) {
    snapshot_.tool.name = {};
  }

  bool Null() { return scalar({}); }
  bool Bool(bool truth) { return scalar({Kind::boolean, truth, {}}); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return scalar({Kind::number, false, {text, size}});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) { return scalar({Kind::string, false, {text, size}}); }
  // As numbers come as strings, none of these is called; the parser's interface requires them.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool StartObject() { return start(false); }
  bool StartArray() { return start(true); }

  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (passed_over_ > 0) return true;
    Frame& frame = frames_[depth_ - 1];
    const std::string_view name(text, size);
    const auto fields = frame.type->fields;
    // In the order of the description, in which a dump is written, each field is found at the first try.
    for (std::size_t tried = 0; tried < fields.size(); ++tried) {
      const std::size_t index = (frame.next + tried) % fields.size();
      if (fields[index].name != name) continue;
      frame.field = &fields[index];
      frame.next = index + 1;
      const std::uint64_t bit = std::uint64_t{1} << index;
      if ((frame.seen & bit) != 0) complain(path() + " is there twice");
      frame.seen |= bit;
      return true;
    }
    frame.field = nullptr;
    return true;
  }

  bool EndObject(rapidjson::SizeType) {
    if (passed_over_ > 0) return end_passing_over();
    const Frame& frame = frames_[depth_ - 1];
    for (std::size_t i = 0; i < frame.type->fields.size(); ++i) {
      if ((frame.seen >> i & 1) != 0 || !frame.type->fields[i].required) continue;
      frames_[depth_ - 1].field = &frame.type->fields[i];
      complain(path() + " is missing");
      break;
    }
    --depth_;
    if (depth_ > 0 && frames_[depth_ - 1].is_connections && error_.empty()) sink_(std::move(connection_));
    return true;
  }

  bool EndArray(rapidjson::SizeType) {
    if (passed_over_ > 0) return end_passing_over();
    --depth_;
    return true;
  }

  /// The first value that does not fit, in words; empty if all do.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool is_too_deep() const { return too_deep_; }
  /// As written in the dump; empty if it is not a number.
  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  /// An object or a list that is being read.
  struct Frame {
    const Type* type = nullptr;
    void* target = nullptr;
    const FieldEntry* field = nullptr;  ///< of an object: the field whose value comes next; null if unknown
    std::size_t next = 0;    ///< of an object: the field that is looked for first; of a list: elements so far
    std::uint64_t seen = 0;  ///< of an object: bits of the fields that were there
    bool is_connections = false;
  };

  struct Place {
    const Type* type = nullptr;  ///< null: skip it
    void* target = nullptr;
  };

  /// The target of the next value.
  Place place() {
    if (depth_ == 0) return {&type_of<Snapshot>(), &snapshot_};
    Frame& frame = frames_[depth_ - 1];
    if (frame.type->append == nullptr) {
      if (frame.field == nullptr) return {};
      return {&frame.field->type(), frame.field->of(frame.target)};
    }
    ++frame.next;
    if (!frame.is_connections) return {&frame.type->element(), frame.type->append(frame.target)};
    if (!sink_) return {};
    connection_ = ConnectionRow{};
    return {&type_of<ConnectionRow>(), &connection_};
  }

  bool scalar(const Scalar& value) {
    if (passed_over_ > 0) return true;
    if (depth_ == 1 && value.kind == Kind::number && is_at(&snapshot_.schema_version)) version_ = value.text;
    const Place here = place();
    if (here.type == nullptr) return true;
    if (value.kind == Kind::null && here.type->reset != nullptr) return here.type->reset(here.target), true;
    if (here.type->scalar == nullptr) return complain_here(here.type->expected);
    void* const target = here.type->engage != nullptr ? here.type->engage(here.target) : here.target;
    const Complaint wrong = here.type->scalar(target, value);
    return wrong == nullptr || complain_here(wrong);
  }

  bool start(bool list) {
    if (passed_over_ + depth_ >= kDeepest) return too_deep_ = true, false;
    if (passed_over_ > 0) return ++passed_over_, true;
    const Place here = place();
    const bool fits = here.type != nullptr && (list ? here.type->append != nullptr : !here.type->fields.empty());
    if (!fits) {
      if (here.type != nullptr) complain_here(expected_of(*here.type));
      passed_over_ = 1;
      return true;
    }
    void* const target = here.type->engage != nullptr ? here.type->engage(here.target) : here.target;
    const bool is_connections = depth_ == 1 && is_at(&snapshot_.connections);
    frames_[depth_++] = Frame{here.type, target, nullptr, 0, 0, is_connections};
    return true;
  }

  bool end_passing_over() {
    --passed_over_;
    return true;
  }

  bool is_at(const void* member) const {
    const Frame& root = frames_[0];
    return root.field != nullptr && root.field->of(root.target) == member;
  }

  bool complain_here(Complaint expected) {
    complain(fmt::format("{} is not {}", depth_ == 0 ? "it" : path(), expected));
    return true;
  }

  void complain(std::string text) {
    if (error_.empty()) error_ = std::move(text);
  }

  /// The path of the current value: "services[0].workers[2].pid".
  [[nodiscard]] std::string path() const {
    std::string text;
    for (std::size_t i = 0; i < depth_; ++i) {
      const Frame& frame = frames_[i];
      if (frame.type->append != nullptr) {
        text += fmt::format("[{}]", frame.next - 1);
      } else if (frame.field != nullptr) {
        text += fmt::format("{}{}", text.empty() ? "" : ".", frame.field->name);
      }
    }
    return text;
  }

  Snapshot& snapshot_;
  const ConnectionSink& sink_;
  ConnectionRow connection_;
  std::array<Frame, kDeepest> frames_;
  std::size_t depth_ = 0;
  std::size_t passed_over_ = 0;  ///< levels below a skipped value
  bool too_deep_ = false;
  std::string error_;
  std::string version_;
};

// ---- the parser's surroundings --------------------------------------------------------------------------------------

/// A std::istream in RapidJSON's interface, read one buffer at a time.
class InputStream {
 public:
  using Ch = char;

  explicit InputStream(std::istream& in) : in_(in), buffer_(256U << 10) { refill(); }

  [[nodiscard]] Ch Peek() const { return *at_; }
  Ch Take() {
    const Ch c = *at_;
    if (end_ != nullptr && ++at_ == end_) refill();
    return c;
  }
  [[nodiscard]] std::size_t Tell() const { return before_ + static_cast<std::size_t>(at_ - buffer_.data()); }
  /// Whether nothing is left.
  [[nodiscard]] bool at_end() const { return end_ == nullptr; }

  // Only for output streams, but the parser's templates require them.
  Ch* PutBegin() { return nullptr; }
  void Put(Ch) {}
  void Flush() {}
  std::size_t PutEnd(Ch*) { return 0; }

 private:
  void refill() {
    before_ += end_ == nullptr ? 0 : static_cast<std::size_t>(end_ - buffer_.data());
    in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    at_ = buffer_.data();
    end_ = in_.gcount() > 0 ? at_ + in_.gcount() : nullptr;
    if (end_ == nullptr) buffer_[0] = '\0';  // the end for the parser; Take() stays here
  }

  std::istream& in_;
  std::vector<char> buffer_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::size_t before_ = 0;
};

/// Thrown through the parser, which cannot be stopped in another way, and caught in this file.
struct TooLong {};

/// The parser's memory: at most kLongest.
class BoundedAllocator {
 public:
  void* Malloc(std::size_t size) { return Realloc(nullptr, 0, size); }
  void* Realloc(void* memory, std::size_t, std::size_t size) {
    if (size == 0) return Free(memory), nullptr;
    void* const grown = size <= kLongest ? std::realloc(memory, size) : nullptr;
    if (grown == nullptr) throw TooLong{};
    return grown;
  }
  static void Free(void* memory) { std::free(memory); }
};

using Parser = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, BoundedAllocator>;

constexpr unsigned kParserFlags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;

constexpr auto kGiveADump = "give a file of --output";

Result<void> parse(std::istream& in, DumpHandler& handler, const std::string& name) {
  InputStream stream(in);
  if (in.bad()) return system_failure(errno, "cannot read " + name);
  if (stream.at_end()) return failure(name + " is empty", "was its writing interrupted?");
  Parser parser;
  const rapidjson::ParseResult parsed = parser.Parse<kParserFlags>(stream, handler);
  if (in.bad()) return system_failure(errno, "cannot read " + name);
  if (handler.is_too_deep()) return failure(name + " is no dump: it is nested too deeply", kGiveADump);
  const bool more =
      parsed.Code() == rapidjson::kParseErrorDocumentRootNotSingular || (!parsed.IsError() && !stream.at_end());
  if (more)
    return failure(name + " is not a dump: more follows its first value", "give a file of --output, not of --log");
  if (!parsed.IsError()) return {};
  if (stream.at_end()) return failure(name + " ends too early", "was its writing interrupted?");
  const std::string where = fmt::format("byte {}", parsed.Offset() + 1);
  if (parsed.Code() == rapidjson::kParseErrorNumberTooBig)
    return failure(name + " is damaged: the number at " + where + " is too large", "was it edited?");
  return failure(name + " is not JSON, as " + where + " shows", kGiveADump);
}

/// Whether this is a dump, and of a supported version.
Result<void> check_origin(const Snapshot& snapshot, const DumpHandler& handler, const std::string& name) {
  const std::string& version = handler.version();
  if (snapshot.tool.name != ToolInfo{}.name || version.empty())
    return failure(name + " is JSON, but not a dump of acceptscope", kGiveADump);
  if (version == std::to_string(kSchemaVersion)) return {};
  return failure(fmt::format("{} has schema_version {:.20}, this program reads {}", name, version, kSchemaVersion),
                 "use the version of acceptscope that wrote it");
}

/// Computes what a dump leaves out: counts that are sums of others, see ServiceRow and Totals; and the findings, which
/// older versions do not write: they had a verdict only, which is one unless all was well.
void add_left_out(Snapshot& snapshot) {
  ConnectionCounts all;
  for (ServiceRow& service : snapshot.services) {
    const Finding& verdict = service.verdict;
    const bool found = verdict.severity > Severity::ok && !verdict.summary.empty();
    if (service.findings.empty() && found) service.findings = {verdict};
    ConnectionCounts workers;
    for (const WorkerRow& worker : service.workers) workers += worker.counts;
    service.counts.bytes_received = workers.bytes_received;
    service.counts.bytes_sent = workers.bytes_sent;
    all += service.counts;
  }
  ConnectionCounts& totals = snapshot.totals.counts;
  totals.preexisting_closes = all.preexisting_closes;
  totals.peak_open = all.peak_open;
  totals.bytes_received = all.bytes_received;
  totals.bytes_sent = all.bytes_sent;
}

}  // namespace

Result<Snapshot> read_dump(std::istream& in, std::string_view file_name, const ConnectionSink& connections) {
  const std::string name(file_name);
  Snapshot snapshot;
  DumpHandler handler(snapshot, connections);
  Result<void> read;
  try {
    read = parse(in, handler, name);
  } catch (const TooLong&) {
    return failure(name + " is no dump: it has a string or number of more than 8 MiB", kGiveADump);
  }
  if (read) read = check_origin(snapshot, handler, name);
  if (!read) return tl::unexpected(read.error());
  if (!handler.error().empty())
    return failure(name + " is damaged: " + handler.error(), "was it edited, or written by an older version?");
  add_left_out(snapshot);
  return snapshot;
}

}  // namespace acceptscope
