// SPDX-License-Identifier: BSD-2-Clause
#include "json_mutator.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

namespace acceptscope::fuzz {
namespace {

using rapidjson::Document;
using rapidjson::Value;

/// Values and their copies are recursive in this library.
constexpr int kDeepest = 100;
constexpr rapidjson::SizeType kMostElements = 64;

std::size_t below(Dice& dice, std::size_t limit) { return dice() % limit; }

template <class List>
const auto& pick(Dice& dice, const List& list) {
  return list[below(dice, std::size(list))];
}

bool is_shallow(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    if (depth > kDeepest) return false;
  }
  return true;
}

std::optional<Document> parsed(std::string_view text) {
  if (!is_shallow(text)) return std::nullopt;
  Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError()) return std::nullopt;
  return document;
}

std::string written(const Document& document) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  document.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

/// A value, and the name that it has in its object.
struct Place {
  Value* value;
  std::string_view name;
};

std::vector<Place> places_in(Document& document) {
  std::vector<Place> places{{&document, {}}};
  for (std::size_t i = 0; i < places.size(); ++i) {
    Value& value = *places[i].value;
    const std::string_view name = places[i].name;
    if (value.IsArray()) {
      for (Value& element : value.GetArray()) places.push_back({&element, name});
    } else if (value.IsObject()) {
      // By number: before C++20 was, the library gave its iterators an ambiguous comparison.
      for (rapidjson::SizeType k = 0; k < value.MemberCount(); ++k) {
        auto& member = *(value.MemberBegin() + static_cast<std::ptrdiff_t>(k));
        places.push_back({&member.value, {member.name.GetString(), member.name.GetStringLength()}});
      }
    }
  }
  return places;
}

void change_number(Value& value, Dice& dice) {
  static constexpr std::array<std::int64_t, 12> kWhole{0,     1,         -1,        2,         255,       65535,
                                                       65536, INT32_MAX, INT32_MIN, 1LL << 53, INT64_MAX, INT64_MIN};
  static constexpr std::array<double, 12> kFractions{0.5,  -0.0, 1e-9,   1e-308, 5e-324, 1e9,
                                                     1e12, 1e18, 1.8e19, 1e100,  1e308,  -1e308};
  switch (below(dice, 5)) {
    case 0: value.SetInt64(pick(dice, kWhole)); break;
    case 1: value.SetDouble(pick(dice, kFractions)); break;
    case 2: value.SetUint64(UINT64_MAX - below(dice, 2)); break;
    case 3: value.SetDouble(value.GetDouble() * (below(dice, 2) == 0 ? 2 : -1)); break;
    default: value.IsInt64() && value.GetInt64() < INT64_MAX ? value.SetInt64(value.GetInt64() + 1) : value.SetInt(0);
  }
}

void change_string(Value& value, Document& document, Dice& dice, const Bytewise& bytewise) {
  using namespace std::string_view_literals;
  static constexpr std::array kTexts{""sv,
                                     "\0"sv,
                                     "a\tb\nc\x1b[2J\x7f"sv,
                                     "\"quoted\" \\ back"sv,
                                     "<script>alert(1)</script>&amp;"sv,
                                     "\xc2\x9b\xe2\x80\xae\xf0\x9f\x98\x80"sv,
                                     "\xff\xfe\xc0\x80\xed\xa0\x80"sv,
                                     "2026-01-31T12:00:00.123456789Z"sv,
                                     "9999-99-99T99:99:99.999999999Z"sv,
                                     "::ffff:127.0.0.1"sv,
                                     "fe80::1%lo"sv,
                                     "process"sv,
                                     "worker_exit"sv};
  std::string text(value.GetString(), value.GetStringLength());
  switch (below(dice, 4)) {
    case 0: text = pick(dice, kTexts); break;
    case 1: text += pick(dice, kTexts); break;
    case 2: text.append(below(dice, 300), text.empty() ? 'x' : text.back()); break;
    default: text = bytewise(text); break;
  }
  value.SetString(text.data(), static_cast<rapidjson::SizeType>(text.size()), document.GetAllocator());
}

void change_array(Value& array, Document& document, Dice& dice) {
  auto& allocator = document.GetAllocator();
  if (array.Empty()) {
    array.PushBack(Value(0), allocator);
    return;
  }
  const auto i = static_cast<rapidjson::SizeType>(below(dice, array.Size()));
  switch (below(dice, 4)) {
    case 0: array.Erase(array.Begin() + i); break;
    case 1: array[i].Swap(array[static_cast<rapidjson::SizeType>(below(dice, array.Size()))]); break;
    case 2: array.Clear(); break;
    default:
      for (std::size_t times = 1 + below(dice, 4); times > 0 && array.Size() < kMostElements; --times) {
        Value copy(array[i], allocator);
        array.PushBack(copy, allocator);
      }
  }
}

void change_object(Value& object, Document& document, Dice& dice) {
  auto& allocator = document.GetAllocator();
  if (object.ObjectEmpty()) {
    object.AddMember("x", Value(0), allocator);
    return;
  }
  const auto member = object.MemberBegin() + static_cast<std::ptrdiff_t>(below(dice, object.MemberCount()));
  const auto other = object.MemberBegin() + static_cast<std::ptrdiff_t>(below(dice, object.MemberCount()));
  switch (below(dice, 4)) {
    case 0: object.EraseMember(member); break;
    case 1: member->value.Swap(other->value); break;
    case 2: member->name.CopyFrom(other->name, allocator); break;  // two of one name
    default: {
      Value name(member->name, allocator);
      Value copy(other->value, allocator);
      object.AddMember(name, copy, allocator);
    }
  }
}

void change_type(Value& value, Dice& dice) {
  switch (below(dice, 7)) {
    case 0: value.SetNull(); break;
    case 1: value.SetBool(below(dice, 2) == 0); break;
    case 2: value.SetInt(0); break;
    case 3: value.SetString(""); break;
    case 4: value.SetArray(); break;
    case 5: value.SetObject(); break;
    default: value.SetDouble(0.5); break;
  }
}

/// A copy of `from` in the place of `to`. What lies in `to` itself must not be its source.
void replace(Value& to, const Value& from, Document& document) {
  Value copy(from, document.GetAllocator());
  to.Swap(copy);
}

void change_one(Document& document, Dice& dice, const Bytewise& bytewise) {
  const std::vector<Place> places = places_in(document);
  Value& value = *pick(dice, places).value;
  if (below(dice, 8) == 0) return change_type(value, dice);
  if (below(dice, 10) == 0) return replace(value, *pick(dice, places).value, document);
  if (value.IsNumber()) return change_number(value, dice);
  if (value.IsString()) return change_string(value, document, dice, bytewise);
  if (value.IsArray()) return change_array(value, document, dice);
  if (value.IsObject()) return change_object(value, document, dice);
  change_type(value, dice);
}

}  // namespace

std::string mutate_json(std::string_view text, Dice& dice, const Bytewise& bytewise) {
  std::optional<Document> document = parsed(text);
  if (!document) return {};
  for (std::size_t changes = 1 + below(dice, 4); changes > 0; --changes) change_one(*document, dice, bytewise);
  return written(*document);
}

std::string cross_json(std::string_view text, std::string_view other, Dice& dice) {
  std::optional<Document> document = parsed(text);
  std::optional<Document> source = parsed(other);
  if (!document || !source) return {};
  const std::vector<Place> places = places_in(*document);
  const Place to = pick(dice, places);
  std::vector<Place> candidates = places_in(*source);
  const auto others =
      std::partition(candidates.begin(), candidates.end(), [&](const Place& place) { return place.name == to.name; });
  const auto fitting = static_cast<std::size_t>(others - candidates.begin());
  const bool any = fitting == 0 || below(dice, 4) == 0;
  replace(*to.value, *candidates[below(dice, any ? candidates.size() : fitting)].value, *document);
  return written(*document);
}

}  // namespace acceptscope::fuzz
