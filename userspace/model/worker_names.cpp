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

}  // namespace acceptscope
