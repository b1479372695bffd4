// SPDX-License-Identifier: BSD-2-Clause
#include "output/json/schema.hpp"

#include <concepts>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "output/json/diff_fields.hpp"

namespace acceptscope {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
struct Of {};  // a type as a function argument

/// Builds the schema of a type; described types are collected in `definitions`.
class SchemaBuilder {
 public:
  Json definitions = Json::object();

  Json type(Of<bool>) { return {{"type", "boolean"}}; }
  Json type(Of<double>) { return {{"type", "number"}}; }
  Json type(Of<std::string>) { return {{"type", "string"}}; }
  Json type(Of<Nanoseconds>) { return {{"type", "number"}, {"description", "seconds"}}; }
  Json type(Of<IpAddress>) { return {{"type", "string"}, {"pattern", "^[0-9a-f:.]+$"}}; }
  Json type(Of<Instant>) {
    return {{"type", "string"},
            {"format", "date-time"},
            {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{9}Z$"}};
  }

  template <std::integral T>
  Json type(Of<T>) {
    Json schema = {{"type", "integer"}};
    if constexpr (std::is_unsigned_v<T>) schema["minimum"] = 0;
    if constexpr (std::is_unsigned_v<T> && sizeof(T) < sizeof(std::uint64_t))
      schema["maximum"] = std::numeric_limits<T>::max();
    return schema;
  }

  template <IsNamedEnum T>
  Json type(Of<T>) {
    Json names = Json::array();
    for (const auto& [value, name] : EnumNames<T>::values) names.push_back(name);
    return {{"enum", names}};
  }

  template <class T>
  Json type(Of<std::optional<T>>) {
    return {{"anyOf", Json::array({type(Of<T>{}), {{"type", "null"}}})}};
  }

  template <class T>
  Json type(Of<std::vector<T>>) {
    return {{"type", "array"}, {"items", type(Of<T>{})}};
  }

  template <IsDescribed T>
  Json type(Of<T>) {
    const std::string name(Described<T>::name);
    if (!definitions.contains(name)) {
      definitions[name] = nullptr;  // keeps its place before those it refers to
      Json schema = object<T>();
      definitions[name] = std::move(schema);
    }
    return {{"$ref", "#/$defs/" + name}};
  }

  /// Fields may be added in later versions, so others than these are allowed.
  template <IsDescribed T>
  Json object() {
    Json properties = Json::object();
    Json required = Json::array();
    for_each_field<T>([&](const auto& f) {
      using Value = typename std::remove_cvref_t<decltype(f)>::value_type;
      Json property = type(Of<Value>{});
      const bool seconds = property.value("description", "") == "seconds";
      property["description"] = std::string(f.help) + (seconds ? "; seconds" : "");
      properties[std::string(f.name)] = std::move(property);
      required.push_back(f.name);
    });
    return {{"type", "object"}, {"required", required}, {"properties", properties}};
  }
};

/// Rows of the Markdown table; a struct met before is referred to, not repeated.
class TableBuilder {
 public:
  std::string text = "| field | type | meaning |\n| --- | --- | --- |\n";

  template <IsDescribed T>
  void rows(const std::string& prefix) {
    for_each_field<T>([&](const auto& f) {
      using Value = typename std::remove_cvref_t<decltype(f)>::value_type;
      const std::string path = prefix + std::string(f.name);
      text += "| `" + path + "` | " + type(Of<Value>{}) + " | " + std::string(f.help) + " |\n";
      descend(Of<Value>{}, path);
    });
  }

 private:
  static std::string type(Of<bool>) { return "true or false"; }
  static std::string type(Of<double>) { return "number"; }
  static std::string type(Of<std::string>) { return "string"; }
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
    for (const auto& [value, name] : EnumNames<T>::values)
      names += (names.empty() ? "`" : ", `") + std::string(name) + "`";
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

/// The schema of T as a document of its own, without its definitions.
template <class T>
Json document(SchemaBuilder& builder, std::string_view title, std::string_view description) {
  Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}, {"description", description}};
  schema.update(builder.object<T>());
  schema["properties"]["schema_version"]["const"] = kSchemaVersion;
  return schema;
}

}  // namespace

std::string json_schema() {
  SchemaBuilder builder;
  Json schema = document<Snapshot>(builder, "acceptscope dump",
                                   "Which worker accepted each TCP connection and how long it kept it.");
  schema["properties"]["tool"]["properties"]["name"]["const"] = ToolInfo{}.name;
  builder.type(Of<ConnectionLine>{});
  schema["$defs"] = builder.definitions;
  return schema.dump(2) + "\n";
}

std::string diff_schema() {
  SchemaBuilder builder;
  Json schema =
      document<Diff>(builder, "acceptscope diff", "What changed between two dumps, and whether it is chance.");
  schema["$defs"] = builder.definitions;
  return schema.dump(2) + "\n";
}

std::string dump_fields_markdown() {
  TableBuilder table;
  table.rows<Snapshot>("");
  return table.text;
}

std::string diff_fields_markdown() {
  TableBuilder table;
  table.rows<Diff>("");
  return table.text;
}

std::string log_fields_markdown() {
  TableBuilder table;
  table.rows<ConnectionLine>("");
  return table.text;
}

}  // namespace acceptscope
