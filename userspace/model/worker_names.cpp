// SPDX-License-Identifier: BSD-2-Clause
#include "model/worker_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace acceptscope {
namespace {

std::uint32_t number_of(const WorkerRow& row) { return row.tid.value_or(row.pid); }

std::string_view noun_of(const WorkerRow& row) { return row.tid ? "thread" : "pid"; }

}  // namespace

std::string worker_text(const WorkerRow& row) { return fmt::format("{} {}", noun_of(row), number_of(row)); }

std::string workers_text(const std::vector<const WorkerRow*>& rows, std::size_t most) {
  std::string text = fmt::format("{}{}", noun_of(*rows.front()), rows.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(rows.size(), most); ++i)
    text += fmt::format("{} {}", i == 0 ? "" : ",", number_of(*rows[i]));
  if (rows.size() > most) text += fmt::format(" and {} more", rows.size() - most);
  return text;
}

std::optional<OutsideText> common_container(const ServiceRow& service) {
  std::optional<OutsideText> common;
  for (const WorkerRow& row : service.workers) {
    if (!row.container) continue;
    if (common && *common != *row.container) return std::nullopt;
    common = row.container;
  }
  return common;
}

bool has_several_containers(const ServiceRow& service) {
  const auto known = [](const WorkerRow& row) { return row.container.has_value(); };
  return std::ranges::any_of(service.workers, known) && !common_container(service);
}

bool is_unit_label(const OutsideText& label) {
  return label.raw().ends_with(".service") || label.raw().ends_with(".scope");
}

}  // namespace acceptscope
