// SPDX-License-Identifier: BSD-2-Clause
/// The overview of several services: a row each, the worst finding first.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "model/serving.hpp"
#include "output/tui/parts.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/worker_columns.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kGap = 1;
constexpr std::size_t kStripLeast = 6;
constexpr std::size_t kSentenceLeast = 16;
constexpr std::size_t kNameMost = 28;  // longer names, with their network namespace, are cut

struct Column {
  std::string_view header;
  bool left;
  int leaves;  ///< as in ColumnPlace
  StyledLine (*cell)(const TuiScene& scene, const ServiceRow& service);
};

TextOptions text_options(const TuiScene& scene) {
  return {.width = scene.options.width, .ascii = scene.options.ascii, .host_netns = scene.options.host_netns};
}

std::uint64_t workers_at_work(const ServiceRow& service) {
  return static_cast<std::uint64_t>(std::count_if(service.workers.begin(), service.workers.end(),
                                                  [&](const WorkerRow& row) { return is_at_work(service, row); }));
}

StyledLine name_cell(const TuiScene& scene, const ServiceRow& service) {
  StyledLine cell(service_name(service, scene.snapshot, text_options(scene)), Style::strong);
  cell.cut(kNameMost, scene.options.ascii);
  return cell;
}

constexpr std::array kColumns{
    Column{"FINDING", true, 0,
           [](const TuiScene&, const ServiceRow& service) { return severity_word(service.verdict.severity); }},
    Column{"SERVICE", true, 0, name_cell},
    Column{"WORKERS", false, 3,
           [](const TuiScene&, const ServiceRow& service) { return StyledLine(count_text(service.workers_eligible)); }},
    Column{"BUSY", false, 2,
           [](const TuiScene&, const ServiceRow& service) { return StyledLine(count_text(workers_at_work(service))); }},
    Column{"IDLE", false, 1,
           [](const TuiScene&, const ServiceRow& service) { return StyledLine(count_text(idle_workers(service))); }},
    Column{"OPEN", false, 4,
           [](const TuiScene&, const ServiceRow& service) { return StyledLine(count_text(service.open)); }},
    Column{"ACC/S", false, 5,
           [](const TuiScene& scene, const ServiceRow& service) {
             return StyledLine(rate_text(service.recent_accepts, scene.snapshot.recent_interval));
           }},
};

struct Layout {
  std::array<std::size_t, kColumns.size()> widths{};  ///< 0: left out
  std::size_t strip = 0;
};

/// As wide as the widest cell: the table does not jump while it is scrolled.
Layout layout_of(const TuiScene& scene) {
  Layout layout;
  std::array<int, kColumns.size()> leaves{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    layout.widths[i] = kColumns[i].header.size();
    leaves[i] = kColumns[i].leaves;
    for (const ServiceRow& service : scene.snapshot.services)
      layout.widths[i] = std::max(layout.widths[i], kColumns[i].cell(scene, service).width());
  }
  const std::size_t width = scene.options.width;
  const std::size_t rest = 1 + kStripLeast + kGap + kSentenceLeast;
  fit_columns(layout.widths, leaves, width - std::min(width, rest), kGap);
  const std::size_t taken = rest + room_of(layout.widths, kGap);
  if (taken <= width) layout.strip = std::min(kStripLeast + (width - taken) / 3, History::kTicks);
  return layout;
}

/// All workers together.
History::Ticks ticks_of(const TuiScene& scene, const ServiceRow& service) {
  History::Ticks sum{};
  for (const WorkerRow& worker : service.workers) {
    const History::Ticks ticks = scene.history.of(service, worker);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += ticks[i];
  }
  return sum;
}

TuiHeat heat_of(const TuiScene& scene) {
  return shown_heat(*service_for_strips(scene.snapshot, scene.state), scene.state.heat);
}

/// Services differ too much for one scale: the highest is that of the service itself, and for busy time all its workers
/// all the time.
StyledLine strip_of(const TuiScene& scene, const ServiceRow& service, std::size_t width) {
  const TuiHeat heat = heat_of(scene);
  const History::Ticks ticks = ticks_of(scene, service);
  const Nanoseconds all_busy = scene.snapshot.run.interval * std::max<std::int64_t>(service.workers_eligible, 1);
  const std::uint64_t most =
      heat == TuiHeat::busy ? static_cast<std::uint64_t>(all_busy.count()) : most_of(scene, ticks, heat, width);
  return strip(scene, ticks, heat, width, most);
}

StyledLine header(const TuiScene& scene, const Layout& layout) {
  StyledLine line(" ");
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (layout.widths[i] == 0) continue;
    const std::string text(kColumns[i].header);
    kColumns[i].left ? line.add_left(text, layout.widths[i], Style::faint)
                     : line.add_right(text, layout.widths[i], Style::faint);
    line.add_spaces(kGap);
  }
  if (layout.strip == 0) return line;
  return line.append(strip_header(scene, heat_of(scene), layout.strip));
}

StyledLine row_of(const TuiScene& scene, const ServiceRow& service, const Layout& layout) {
  StyledLine line(" ");
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (layout.widths[i] == 0) continue;
    const StyledLine cell = kColumns[i].cell(scene, service);
    const std::size_t rest = layout.widths[i] - std::min(layout.widths[i], cell.width());
    kColumns[i].left ? line.append(cell).add_spaces(rest) : line.add_spaces(rest).append(cell);
    line.add_spaces(kGap);
  }
  if (layout.strip > 0) line.append(strip_of(scene, service, layout.strip)).add_spaces(kGap);
  line.add(sentence(service.verdict.summary, scene.options.ascii));
  line.cut(scene.options.width, scene.options.ascii);
  return service_at_cursor(scene.snapshot, scene.state) == &service ? selected(std::move(line), scene.options) : line;
}

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

std::vector<const ServiceRow*> overview_order(const Snapshot& snapshot, const TuiState& state) {
  std::map<ServiceKey, const ServiceRow*> found;
  for (const ServiceRow& service : snapshot.services) found.emplace(key_of(service), &service);
  std::vector<const ServiceRow*> services;
  for (const ServiceKey& key : state.order)
    if (const auto service = found.find(key); service != found.end()) services.push_back(service->second);
  return services.size() == snapshot.services.size() ? services : worst_first(snapshot);
}

std::vector<const ServiceRow*> overview_rows(const Snapshot& snapshot, const TuiState& state) {
  std::vector<const ServiceRow*> rows = overview_order(snapshot, state);
  std::erase_if(rows, [&](const ServiceRow* row) { return !is_match(*row, state.filter); });
  return rows;
}

const ServiceRow* service_at_cursor(const Snapshot& snapshot, const TuiState& state) {
  const std::vector<const ServiceRow*> services = overview_rows(snapshot, state);
  for (const ServiceRow* service : services)
    if (state.cursor == key_of(*service)) return service;
  return services.empty() ? nullptr : services.front();
}

/// In the overview any that has them all.
const ServiceRow* service_for_strips(const Snapshot& snapshot, const TuiState& state) {
  if (!shows_overview(snapshot, state)) return shown_service(snapshot, state);
  const auto found = std::find_if(snapshot.services.begin(), snapshot.services.end(), counts_requests);
  return found == snapshot.services.end() ? &snapshot.services.front() : &*found;
}

TuiBody overview_page(const TuiScene& scene, std::size_t room) {
  const std::vector<const ServiceRow*> services = overview_rows(scene.snapshot, scene.state);
  const Layout layout = layout_of(scene);
  TuiBody body;
  body.head.push_back(header(scene, layout));
  const std::size_t left = room - std::min<std::size_t>(room, 1);
  body.total = services.size();
  body.hidden = scene.snapshot.services.size() - services.size();
  body.first = clamped_first(scene.state.first, services.size(), left);
  for (std::size_t i = body.first; i < std::min(services.size(), body.first + left); ++i)
    body.rows.push_back(row_of(scene, *services[i], layout));
  return body;
}

}  // namespace acceptscope
