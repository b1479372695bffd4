// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "output/fields.hpp"
#include "output/human.hpp"
#include "output/plain_lines.hpp"
#include "output/plain_service.hpp"
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

/// "  WARNING keepalive_pinning: 3 of 32 workers own 40 of 40 connections …", at most two lines.
std::vector<StyledLine> verdict_lines(const Verdict& verdict, const PlainOptions& options) {
  if (verdict.summary.empty()) return {};
  StyledLine start("  ");
  start.append(severity_word(verdict.severity)).add(" ");
  const std::string text = fmt::format("{}: {}", enum_name(verdict.code), sentence(verdict.summary, options.ascii));
  std::vector<StyledLine> lines = wrapped(start, text, options.width);
  if (lines.size() <= 2) return lines;
  lines.resize(2);
  lines.back().add(options.ascii ? " ..." : " …");
  return lines;
}

/// A service's part of the live block.
struct Block {
  const ServiceRow* service = nullptr;
  std::vector<StyledLine> above;  ///< the table; the headline first
  std::vector<const WorkerRow*> rows;
  std::vector<StyledLine> below;

  /// With `shown` rows and a blank line on top.
  [[nodiscard]] std::size_t lines(std::size_t shown) const {
    return 1 + above.size() + (rows.empty() ? 0 : 1 + shown) + below.size();
  }
};

std::vector<Block> blocks_of(const Snapshot& snapshot, const PlainOptions& options) {
  std::vector<Block> blocks;
  for (const ServiceRow& service : snapshot.services) {
    Block& block = blocks.emplace_back();
    block.service = &service;
    block.above.push_back(service_headline(service, snapshot, options));
    for (StyledLine& line : verdict_lines(service.verdict, options)) block.above.push_back(std::move(line));
    for (StyledLine& line : workers_lines(service, options)) block.above.push_back(std::move(line));
    block.rows = table_rows(service);
    block.below = below_table(service, options.ascii);
  }
  return blocks;
}

/// How the lines that are left are shared out among the services.
struct Plan {
  std::vector<std::size_t> rows;  ///< of the table of each service shown
  bool headlines_only = false;    ///< no room for any table
};

/// Busy services come first: as many as can show two rows get a table, then the first ones grow.
Plan plan(const std::vector<Block>& blocks, std::size_t lines) {
  Plan plan;
  for (const Block& block : blocks) {
    const std::size_t least = std::min<std::size_t>(block.rows.size(), 2);
    const std::size_t reserve = plan.rows.size() + 1 < blocks.size() ? 1 : 0;  // "… more services"
    if (block.lines(least) + reserve > lines) break;
    lines -= block.lines(least);
    plan.rows.push_back(least);
  }
  plan.headlines_only = plan.rows.empty();
  if (plan.headlines_only)
    plan.rows.assign(blocks.size() <= lines ? blocks.size() : std::max<std::size_t>(lines, 1) - 1, 0);
  else if (plan.rows.size() < blocks.size())
    --lines;
  for (std::size_t i = 0; i < plan.rows.size() && !plan.headlines_only; ++i) {
    const std::size_t more = std::min(blocks[i].rows.size() - plan.rows[i], lines);
    plan.rows[i] += more;
    lines -= more;
  }
  return plan;
}

/// "… 12 more workers: 34 accepts, 3 open"
StyledLine more_workers(const Block& block, std::size_t shown, bool ascii) {
  std::uint64_t accepts = 0;
  std::uint64_t open = 0;
  for (std::size_t i = shown; i < block.rows.size(); ++i) {
    accepts += block.rows[i]->accepts;
    open += block.rows[i]->open;
  }
  return StyledLine(fmt::format("  {} {}: {}, {} open", ascii ? "..." : "…",
                                human_count(block.rows.size() - shown, "more worker"), human_count(accepts, "accept"),
                                human_count(open)),
                    Style::faint);
}

void add_table(std::vector<StyledLine>& lines, const Block& block, const WorkerTable& table, std::size_t rows,
               bool ascii) {
  if (block.rows.empty()) return;
  lines.push_back(table.header());
  const std::size_t shown = rows < block.rows.size() ? rows - 1 : rows;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(table.row(*block.service, *block.rows[i]));
  if (shown < block.rows.size()) lines.push_back(more_workers(block, shown, ascii));
}

void add_services(std::vector<StyledLine>& lines, const Snapshot& snapshot, const PlainOptions& options,
                  std::size_t room) {
  const WorkerTable table(snapshot, options);
  const std::vector<Block> blocks = blocks_of(snapshot, options);
  const Plan shown = plan(blocks, room);
  for (std::size_t i = 0; i < shown.rows.size(); ++i) {
    const Block& block = blocks[i];
    if (shown.headlines_only) {
      lines.push_back(block.above.front());
      continue;
    }
    lines.emplace_back();
    lines.insert(lines.end(), block.above.begin(), block.above.end());
    add_table(lines, block, table, shown.rows[i], options.ascii);
    lines.insert(lines.end(), block.below.begin(), block.below.end());
  }
  const std::size_t hidden = blocks.size() - shown.rows.size();
  if (hidden > 0 && room > 0)
    lines.emplace_back(fmt::format("{} {}", options.ascii ? "..." : "…", human_count(hidden, "more service")),
                       Style::faint);
}

/// Losses come last, where the eye rests, and have their lines before anything else.
std::vector<StyledLine> live_lines(const Snapshot& snapshot, const PlainOptions& options) {
  std::size_t room = options.height.value_or(kUnlimited);
  std::vector<StyledLine> trouble = trouble_lines(snapshot, options.ascii);
  constexpr std::size_t smallest_table = 9;  // top line, blank line, four of the service, header, a row, "more workers"
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
  if (snapshot.totals.accepts + snapshot.totals.preexisting == 0) add(nothing_yet(snapshot, options));
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
