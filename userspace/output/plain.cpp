// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "output/human.hpp"
#include "output/plain_lines.hpp"
#include "output/plain_summary.hpp"
#include "output/plain_table.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// "acceptscope  12.0s  fentry  port 8000", with totals when there are several services to add up.
StyledLine top_line(const Snapshot& snapshot, const PlainOptions& options) {
  StyledLine line("acceptscope", Style::strong);
  line.add(fmt::format("  {}", human_duration(snapshot.run.duration, options.ascii)));
  if (snapshot.services.size() > 1)
    line.add(fmt::format("  {}  {}  {} open", human_count(snapshot.services.size(), "service"),
                         human_count(snapshot.totals.accepts, "accept"), human_count(snapshot.totals.open)));
  return line.add(fmt::format("  {}  {}", snapshot.run.backend, describe_filters(snapshot.run.filters, options.ascii)),
                  Style::faint);
}

StyledLine nothing_yet(const Snapshot& snapshot, const PlainOptions& options) {
  return StyledLine(fmt::format("Nothing accepted yet ({}; since {}).",
                                describe_filters(snapshot.run.filters, options.ascii),
                                human_instant(snapshot.run.started_at)));
}

/// How the lines that are left are shared out among the services.
struct Plan {
  std::vector<std::size_t> rows;  ///< of the table of each service shown; headline, header and a blank line on top
  bool headlines_only = false;    ///< no room for any table
};

/// Lines of a service's block with `rows` rows.
std::size_t block_lines(std::size_t workers, std::size_t rows) { return workers == 0 ? 2 : 3 + rows; }

/// Busy services come first: as many as can show two rows get a table, then the first ones grow.
Plan plan(const std::vector<ServiceRow>& services, std::size_t lines) {
  Plan plan;
  for (const ServiceRow& service : services) {
    const std::size_t workers = service.workers.size();
    const std::size_t least = std::min<std::size_t>(workers, 2);
    const std::size_t reserve = plan.rows.size() + 1 < services.size() ? 1 : 0;  // "… more services"
    if (block_lines(workers, least) + reserve > lines) break;
    lines -= block_lines(workers, least);
    plan.rows.push_back(least);
  }
  plan.headlines_only = plan.rows.empty();
  if (plan.headlines_only)
    plan.rows.assign(services.size() <= lines ? services.size() : std::max<std::size_t>(lines, 1) - 1, 0);
  else if (plan.rows.size() < services.size())
    --lines;
  for (std::size_t i = 0; i < plan.rows.size() && !plan.headlines_only; ++i) {
    const std::size_t more = std::min(services[i].workers.size() - plan.rows[i], lines);
    plan.rows[i] += more;
    lines -= more;
  }
  return plan;
}

/// "… 12 more workers: 34 accepts, 3 open"
StyledLine more_workers(const ServiceRow& service, std::size_t shown, bool ascii) {
  std::uint64_t accepts = 0;
  std::uint64_t open = 0;
  for (std::size_t i = shown; i < service.workers.size(); ++i) {
    accepts += service.workers[i].accepts;
    open += service.workers[i].open;
  }
  return StyledLine(fmt::format("  {} {}: {}, {} open", ascii ? "..." : "…",
                                human_count(service.workers.size() - shown, "more worker"),
                                human_count(accepts, "accept"), human_count(open)),
                    Style::faint);
}

void add_table(std::vector<StyledLine>& lines, const ServiceRow& service, const WorkerTable& table, std::size_t rows,
               bool ascii) {
  if (service.workers.empty()) return;
  lines.push_back(table.header());
  const std::size_t shown = rows < service.workers.size() ? rows - 1 : rows;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(table.row(service, service.workers[i]));
  if (shown < service.workers.size()) lines.push_back(more_workers(service, shown, ascii));
}

void add_services(std::vector<StyledLine>& lines, const Snapshot& snapshot, const PlainOptions& options,
                  std::size_t room) {
  const WorkerTable table(snapshot, options);
  const Plan shown = plan(snapshot.services, room);
  for (std::size_t i = 0; i < shown.rows.size(); ++i) {
    if (!shown.headlines_only) lines.emplace_back();
    lines.push_back(service_headline(snapshot.services[i], snapshot, options));
    if (!shown.headlines_only) add_table(lines, snapshot.services[i], table, shown.rows[i], options.ascii);
  }
  const std::size_t hidden = snapshot.services.size() - shown.rows.size();
  if (hidden > 0 && room > 0)
    lines.emplace_back(fmt::format("{} {}", options.ascii ? "..." : "…", human_count(hidden, "more service")),
                       Style::faint);
}

/// Losses come last, where the eye rests, and have their lines before anything else.
std::vector<StyledLine> live_lines(const Snapshot& snapshot, const PlainOptions& options) {
  std::size_t room = options.height.value_or(kUnlimited);
  std::vector<StyledLine> trouble = trouble_lines(snapshot, options.ascii);
  constexpr std::size_t smallest_table = 6;  // top line, blank line, headline, header, a row, "more workers"
  if (!trouble.empty() && trouble.size() + 1 + smallest_table > room)
    trouble = {StyledLine(trouble_in_short(snapshot), Style::warning)};
  else if (!trouble.empty())
    trouble.emplace(trouble.begin());
  room -= std::min(room, trouble.size());

  std::vector<StyledLine> lines;
  const auto add = [&](StyledLine line) {
    if (room == 0) return;
    lines.push_back(std::move(line));
    --room;
  };
  add(top_line(snapshot, options));
  if (snapshot.totals.accepts == 0) add(nothing_yet(snapshot, options));
  add_services(lines, snapshot, options, room);
  std::move(trouble.begin(), trouble.end(), std::back_inserter(lines));
  return lines;
}

}  // namespace

std::string render(const Snapshot& snapshot, const PlainOptions& options) {
  std::vector<StyledLine> lines = options.final ? summary_lines(snapshot, options) : live_lines(snapshot, options);
  std::string text;
  for (StyledLine& line : lines) {
    line.cut(options.final ? kUnlimited : options.width, options.ascii);
    text += line.text(options.color);
    text += '\n';
  }
  return text;
}

}  // namespace acceptscope
