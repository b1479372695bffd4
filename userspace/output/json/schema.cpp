// SPDX-License-Identifier: BSD-2-Clause
#include "output/json/schema.hpp"

#include <fmt/format.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <concepts>
#include <limits>
#include <map>

#include "output/json/diff_fields.hpp"

namespace acceptscope {
namespace {

template <class T>
struct Of {};  // a type as a function argument

/// Writes one JSON Schema: first members of the document, then finish().
class SchemaWriter {
 public:
  SchemaWriter() {
    out_.SetIndent(' ', 2);
    out_.StartObject();
  }

  void member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void member(std::string_view name, std::unsigned_integral auto value) {
    key(name);
    out_.Uint64(value);
  }

  /// A member that is an object, whose members `body` writes.
  template <class Body>
  void object(std::string_view name, const Body& body) {
    key(name);
    object(body);
  }

  /// The members that make an object the schema of T. `pin` gets the name of each field, within the field's schema
  /// object, to write further constraints. Later versions may add fields, so additional fields are allowed.
  template <IsDescribed T, class Pin>
  void describe(const Pin& pin) {
    member("type", "object");
    list("required", [&] { for_each_field<T>([&](const auto& f) { string(f.name); }); });
    object("properties", [&] {
      for_each_field<T>([&](const auto& f) {
        using Value = typename std::remove_cvref_t<decltype(f)>::value_type;
        object(f.name, [&] {
          type(Of<Value>{});
          member("description", fmt::format("{}{}", f.help, std::is_same_v<Value, Nanoseconds> ? "; seconds" : ""));
          pin(f.name);
        });
      });
    });
  }

  /// Schedules the described type of T, or of T's elements, and then the types of its fields for "$defs".
  template <class T>
  void define(Of<T>) {}
  template <class T>
  void define(Of<std::optional<T>>) {
    define(Of<T>{});
  }
  template <class T>
  void define(Of<std::vector<T>>) {
    define(Of<T>{});
  }
  template <IsDescribed T>
  void define(Of<T>) {
    const auto same = [](const Definition& known) { return known.name == Described<T>::name; };
    if (std::any_of(definitions_.begin(), definitions_.end(), same)) return;
    definitions_.push_back({Described<T>::name, &SchemaWriter::definition<T>});
    define_fields<T>();
  }
  template <IsDescribed T>
  void define_fields() {
    for_each_field<T>([&](const auto& f) { define(Of<typename std::remove_cvref_t<decltype(f)>::value_type>{}); });
  }

  /// Writes the definitions and returns the whole document; nothing can be written after it.
  [[nodiscard]] std::string finish() {
    object("$defs", [this] {
      for (const Definition& d : definitions_) object(d.name, [&] { (this->*d.write)(); });
    });
    out_.EndObject();
    return std::string(text_.GetString(), text_.GetSize()) + "\n";
  }

 private:
  struct Definition {
    std::string_view name;
    void (SchemaWriter::*write)();
  };

  void type(Of<bool>) { member("type", "boolean"); }
  void type(Of<double>) { member("type", "number"); }
  void type(Of<std::string>) { member("type", "string"); }
  void type(Of<OutsideText>) { member("type", "string"); }
  void type(Of<Nanoseconds>) { member("type", "number"); }
  void type(Of<IpAddress>) {
    member("type", "string");
    member("pattern", "^[0-9a-f:.]+$");
  }
  void type(Of<Instant>) {
    member("type", "string");
    member("format", "date-time");
    member("pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{9}Z$");
  }

  template <std::integral T>
  void type(Of<T>) {
    member("type", "integer");
    if constexpr (std::is_unsigned_v<T>) member("minimum", 0U);
    if constexpr (std::is_unsigned_v<T> && sizeof(T) < sizeof(std::uint64_t))
      member("maximum", std::numeric_limits<T>::max());
  }

  template <IsNamedEnum T>
  void type(Of<T>) {
    list("enum", [this] {
      for (const T value : enum_values<T>) string(enum_name(value));
    });
  }

  template <class T>
  void type(Of<std::optional<T>>) {
    list("anyOf", [this] {
      object([this] { part(Of<T>{}); });
      object([this] { member("type", "null"); });
    });
  }

  template <class T>
  void type(Of<std::vector<T>>) {
    member("type", "array");
    object("items", [this] { part(Of<T>{}); });
  }

  template <IsDescribed T>
  void type(Of<T>) {
    member("$ref", fmt::format("#/$defs/{}", Described<T>::name));
  }

  /// A type nested in a field's type: the field's description does not give its unit.
  template <class T>
  void part(Of<T> of) {
    type(of);
    if constexpr (std::is_same_v<T, Nanoseconds>) member("description", "seconds");
  }

  template <IsDescribed T>
  void definition() {
    describe<T>([](std::string_view) {});
  }

  template <class Body>
  void object(const Body& body) {
    out_.StartObject();
    body();
    out_.EndObject();
  }

  template <class Body>
  void list(std::string_view name, const Body& body) {
    key(name);
    out_.StartArray();
    body();
    out_.EndArray();
  }

  void key(std::string_view name) { out_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); }
  void string(std::string_view value) { out_.String(value.data(), static_cast<rapidjson::SizeType>(value.size())); }

  rapidjson::StringBuffer text_;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> out_{text_};
  std::vector<Definition> definitions_;
};

/// Collects the fields; a repeated struct becomes a reference.
class TableBuilder {
 public:
  std::vector<FieldText> fields;

  template <IsDescribed T>
  void rows(const std::string& prefix) {
    for_each_field<T>([&](const auto& f) {
      using Value = typename std::remove_cvref_t<decltype(f)>::value_type;
      const std::string path = prefix + std::string(f.name);
      fields.push_back({path, type(Of<Value>{}), std::string(f.help)});
      descend(Of<Value>{}, path);
    });
  }

 private:
  static std::string type(Of<bool>) { return "true or false"; }
  static std::string type(Of<double>) { return "number"; }
  static std::string type(Of<std::string>) { return "string"; }
  static std::string type(Of<OutsideText>) { return "string"; }
  static std::string type(Of<Nanoseconds>) { return "seconds"; }
  static std::string type(Of<IpAddress>) { return "string"; }
  static std::string type(Of<Instant>) { return "instant"; }
  template <std::integral T>
  static std::string type(Of<T>) {
    return "integer";
  }
  template <IsNamedEnum T>
  static std::string type(Of<T>) {
    std::string names;
    for (const T value : enum_values<T>) names += (names.empty() ? "`" : ", `") + std::string(enum_name(value)) + "`";
    return names;
  }
  template <class T>
  std::string type(Of<std::optional<T>>) const {
    return type(Of<T>{}) + " or null";
  }
  template <class T>
  std::string type(Of<std::vector<T>>) const {
    return "list of " + (IsDescribed<T> ? std::string("objects") : type(Of<T>{}) + "s");
  }
  template <IsDescribed T>
  std::string type(Of<T>) const {
    const auto before = first_path_.find(std::string(Described<T>::name));
    return before == first_path_.end() ? "object" : "object, as `" + before->second + "`";
  }

  template <class T>
  void descend(Of<T>, const std::string& path) {
    if constexpr (IsDescribed<T>) {
      if (first_path_.emplace(Described<T>::name, path).second) rows<T>(path + ".");
    }
  }
  template <class T>
  void descend(Of<std::optional<T>>, const std::string& path) {
    descend(Of<T>{}, path);
  }
  template <class T>
  void descend(Of<std::vector<T>>, const std::string& path) {
    descend(Of<T>{}, path + "[]");
  }

  std::map<std::string, std::string> first_path_;
};

/// Begins the schema of T as a document of its own; `pin` as in SchemaWriter::describe().
template <class T, class Pin>
void begin_document(SchemaWriter& schema, std::string_view title, std::string_view description, const Pin& pin) {
  schema.member("$schema", "https://json-schema.org/draft/2020-12/schema");
  schema.member("title", title);
  schema.member("description", description);
  schema.describe<T>([&](std::string_view field) {
    if (field == "schema_version") schema.member("const", kSchemaVersion);
    pin(field);
  });
  schema.define_fields<T>();
}

}  // namespace

std::string json_schema() {
  SchemaWriter schema;
  begin_document<Snapshot>(schema, "acceptscope dump",
                           "Which worker accepted each TCP connection and how long it kept it.",
                           [&schema](std::string_view field) {
                             if (field != "tool") return;
                             const auto is_ours = [&schema] { schema.member("const", ToolInfo{}.name.raw()); };
                             schema.object("properties", [&] { schema.object("name", is_ours); });
                           });
  schema.define(Of<ConnectionLine>{});
  return schema.finish();
}

std::string log_schema() {
  SchemaWriter schema;
  begin_document<ConnectionLine>(schema, "acceptscope log line", "One connection, a line of --log.",
                                 [](std::string_view) {});
  return schema.finish();
}

std::string diff_schema() {
  SchemaWriter schema;
  begin_document<Diff>(schema, "acceptscope diff", "What changed between two dumps, and whether it is chance.",
                       [](std::string_view) {});
  return schema.finish();
}

std::vector<FieldText> dump_fields() {
  TableBuilder table;
  table.rows<Snapshot>("");
  return table.fields;
}

std::vector<FieldText> diff_fields() {
  TableBuilder table;
  table.rows<Diff>("");
  return table.fields;
}

std::vector<FieldText> log_fields() {
  TableBuilder table;
  table.rows<ConnectionLine>("");
  return table.fields;
}

}  // namespace acceptscope
