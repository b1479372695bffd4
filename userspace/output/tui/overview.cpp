// SPDX-License-Identifier: BSD-2-Clause
/// The overview of several services: a row each, the worst finding first.
#include <algorithm>
#include <map>

#include "model/serving.hpp"
#include "output/tui/parts.hpp"
#include "output/words/service_table.hpp"
#include "text/escape.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kGap = 1;
constexpr std::size_t kStripLeast = 6;
constexpr std::size_t kSentenceLeast = 16;
constexpr std::size_t kRest = 1 + kStripLeast + kGap + kSentenceLeast;  ///< beside the table

struct Layout {
  ServiceTable table;
  std::size_t strip = 0;  ///< 0: left out
};

Layout layout_of(const TuiScene& scene) {
  const TextOptions options{
      .width = scene.options.width, .ascii = scene.options.ascii, .host_netns = scene.options.host_netns};
  Layout layout{ServiceTable(scene.snapshot, options, options.width - std::min(options.width, kRest))};
  const std::size_t taken = kRest + layout.table.width();
  if (taken <= options.width) layout.strip = std::min(kStripLeast + (options.width - taken) / 3, History::kTicks);
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
  line.append(layout.table.header());
  if (layout.strip == 0) return line;
  return line.append(strip_header(scene, heat_of(scene), layout.strip));
}

StyledLine row_of(const TuiScene& scene, const ServiceRow& service, const Layout& layout) {
  StyledLine line(" ");
  line.append(layout.table.row(service));
  if (layout.strip > 0) line.append(strip_of(scene, service, layout.strip)).add_spaces(kGap);
  line.add(sentence(service.verdict.summary, scene.options.ascii));
  line.cut(scene.options.width, scene.options.ascii);
  return service_at_cursor(scene.snapshot, scene.state) == &service ? selected(std::move(line), scene.options) : line;
}

}  // namespace

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
