// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/service_table.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "model/names.hpp"
#include "model/serving.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/worker_columns.hpp"
#include "output/words/worker_lines.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kGap = 1;
constexpr std::size_t kNameMost = 28;  // longer names, with their network namespace, are cut

std::uint64_t workers_at_work(const ServiceRow& service) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(service.workers, [&](const WorkerRow& row) { return is_at_work(service, row); }));
}

StyledLine name_cell(const ServiceCell& cell) {
  StyledLine name(service_name(cell.service, cell.snapshot, cell.options), Style::strong);
  name.cut(kNameMost, cell.options.ascii);
  return name;
}

StyledLine rate_cell(const ServiceCell& cell) {
  return StyledLine(cell.options.final ? rate_text(cell.service.counts.accepts, cell.snapshot.run.duration)
                                       : rate_text(cell.service.recent_accepts, cell.snapshot.recent_interval));
}

StyledLine code_cell(const ServiceCell& cell) {
  if (cell.service.verdict.summary.empty()) return {};
  return StyledLine(std::string(enum_name(cell.service.verdict.code)));
}

template <auto number>
StyledLine number_cell(const ServiceCell& cell) {
  return StyledLine(count_text(number(cell.service)));
}

constexpr auto kWorkers = [](const ServiceRow& service) { return service.workers_eligible; };
constexpr auto kOpen = [](const ServiceRow& service) { return service.open; };
constexpr auto kAccepts = [](const ServiceRow& service) { return service.counts.accepts; };

using enum ServiceColumnShown;

constexpr std::array kColumns{
    ServiceColumn{"FINDING", "", true, 0, always,
                  [](const ServiceCell& cell) { return severity_word(cell.service.verdict.severity); }},
    ServiceColumn{"SERVICE", "", true, 0, always, name_cell},
    ServiceColumn{"WORKERS", "Workers", false, 3, always, number_cell<kWorkers>},
    ServiceColumn{"BUSY", "", false, 2, while_tracing, number_cell<workers_at_work>},
    ServiceColumn{"IDLE", "Idle", false, 1, always, number_cell<idle_workers>},
    ServiceColumn{"OPEN", "Open", false, 4, always, number_cell<kOpen>},
    ServiceColumn{"ACCEPTS", "Accepts", false, 5, at_the_end, number_cell<kAccepts>},
    ServiceColumn{"ACC/S", "", false, 6, always, rate_cell},
    ServiceColumn{"CODE", "", true, 7, at_the_end, code_cell},
};

}  // namespace

std::vector<const ServiceRow*> services_in_order(const Snapshot& snapshot) {
  std::vector<const ServiceRow*> services;
  for (const ServiceRow& service : snapshot.services) services.push_back(&service);
  std::sort(services.begin(), services.end(), [](const ServiceRow* a, const ServiceRow* b) {
    const auto rank = [](const ServiceRow& s) { return std::tie(s.endpoint.port, s.endpoint.address, s.netns); };
    return rank(*a) < rank(*b);
  });
  return services;
}

std::vector<const ServiceRow*> worst_first(const Snapshot& snapshot) {
  std::vector<const ServiceRow*> services = services_in_order(snapshot);
  std::stable_sort(services.begin(), services.end(),
                   [](const ServiceRow* a, const ServiceRow* b) { return a->verdict.severity > b->verdict.severity; });
  return services;
}

std::span<const ServiceColumn> service_columns() { return kColumns; }

bool is_shown(const ServiceColumn& column, const TextOptions& options) {
  return column.shown != (options.final ? while_tracing : at_the_end);
}

ServiceTable::ServiceTable(const Snapshot& snapshot, const TextOptions& options, std::size_t room)
    : snapshot_(snapshot), options_(options), widths_(kColumns.size()) {
  std::array<int, kColumns.size()> leaves{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const ServiceColumn& column = kColumns[i];
    leaves[i] = column.leaves;
    if (!is_shown(column, options)) continue;
    widths_[i] = column.header.size();
    for (const ServiceRow& service : snapshot.services)
      widths_[i] = std::max(widths_[i], column.cell({service, snapshot, options}).width());
  }
  fit_columns(widths_, leaves, room, kGap);
}

std::size_t ServiceTable::width() const { return room_of(widths_, kGap); }

StyledLine ServiceTable::header() const {
  StyledLine line;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (widths_[i] == 0) continue;
    const std::string text(kColumns[i].header);
    kColumns[i].left ? line.add_left(text, widths_[i], Style::faint) : line.add_right(text, widths_[i], Style::faint);
    line.add_spaces(kGap);
  }
  return line;
}

StyledLine ServiceTable::row(const ServiceRow& service) const {
  StyledLine line;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (widths_[i] == 0) continue;
    const StyledLine cell = kColumns[i].cell({service, snapshot_, options_});
    const std::size_t rest = widths_[i] - std::min(widths_[i], cell.width());
    kColumns[i].left ? line.append(cell).add_spaces(rest) : line.add_spaces(rest).append(cell);
    line.add_spaces(kGap);
  }
  return line;
}

}  // namespace acceptscope
