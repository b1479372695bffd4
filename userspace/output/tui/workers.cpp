// SPDX-License-Identifier: BSD-2-Clause
/// The workers' page: a row each, with a strip of what it did in the last ticks; the strips below each other are a map
/// of workers and time.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "model/serving.hpp"
#include "output/tui/parts.hpp"
#include "output/words/worker_cells.hpp"
#include "output/words/worker_columns.hpp"
#include "text/bar.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kMark = 3;  // " ● "
constexpr std::size_t kGap = 1;   // behind each column
constexpr std::size_t kBarMost = 40;
constexpr std::size_t kWideEnough = 100;  // columns from which the strips come before the less important figures
constexpr std::size_t kStripLeast = 10;
constexpr std::size_t kCommandMost = 40;                       // with what command_text() adds
constexpr std::size_t kCommandNarrow = 15, kCommandLeast = 7;  // where there is no room for more

struct Layout {
  std::vector<const WorkerColumn*> columns = worker_columns_of(&WorkerColumn::tui);
  std::vector<std::size_t> widths;  ///< of the columns; 0: left out
  std::size_t strip = 0;
};

std::string cell_text(const WorkerColumn& column, const TuiScene& scene, const ServiceRow& service,
                      const WorkerRow& worker) {
  return column.cell({service, worker, scene.snapshot.recent_interval, true, scene.options.ascii});
}

/// As wide as the widest cell of all workers: the table does not jump while it is scrolled. 0: the column is not shown.
std::size_t wanted_width(const WorkerColumn& column, const TuiScene& scene, const ServiceRow& service) {
  if (!is_shown(column, {&service, 1}, true)) return 0;
  std::size_t width = std::max(column.tui.least, column.header.size());
  if (column.kind == ColumnKind::bar) return width;
  for (const WorkerRow& worker : service.workers)
    width = std::max(width, display_width(cell_text(column, scene, service, worker)));
  return width;
}

/// The widths of the columns that fit, with the commands cut to `command_most`. 0: left out.
std::vector<std::size_t> widths_within(std::size_t room, std::size_t command_most, const Layout& wanted) {
  std::vector<std::size_t> widths = wanted.widths;
  std::vector<int> leaves;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (wanted.columns[i]->kind == ColumnKind::command) widths[i] = std::min(widths[i], command_most);
    leaves.push_back(wanted.columns[i]->tui.leaves);
  }
  fit_columns(widths, leaves, room, kGap);
  return widths;
}

/// Commands are rather cut than left out.
std::vector<std::size_t> fitted_widths(std::size_t room, bool wide, const Layout& wanted) {
  const auto command = std::find_if(wanted.columns.begin(), wanted.columns.end(),
                                    [](const WorkerColumn* column) { return column->kind == ColumnKind::command; });
  const auto at = static_cast<std::size_t>(command - wanted.columns.begin());
  std::size_t most = wide ? kCommandMost : kCommandNarrow;
  std::vector<std::size_t> widths = widths_within(room, most, wanted);
  while (at < widths.size() && widths[at] == 0 && most > kCommandLeast) widths = widths_within(room, --most, wanted);
  return widths;
}

Layout layout_of(const TuiScene& scene, const ServiceRow& service) {
  const std::size_t width = scene.options.width;
  const bool wide = width >= kWideEnough;
  const std::size_t strip_least = wide ? std::min<std::size_t>(width / 4, History::kTicks) : kStripLeast;
  Layout layout;
  for (const WorkerColumn* column : layout.columns) layout.widths.push_back(wanted_width(*column, scene, service));
  layout.widths = fitted_widths(width - std::min(width, kMark + strip_least), wide, layout);
  std::size_t spare = width - std::min(width, kMark + room_of(layout.widths, kGap));
  layout.strip = std::min(spare, History::kTicks);
  spare -= layout.strip;
  for (std::size_t i = 0; i < layout.columns.size(); ++i)
    if (layout.columns[i]->kind == ColumnKind::bar && layout.widths[i] > 0)
      layout.widths[i] = std::min(kBarMost, layout.widths[i] + spare);
  return layout;
}

/// Where the heads are that sort.
std::vector<TuiHeadSpan> head_spans(const ServiceRow& service, const Layout& layout) {
  std::vector<TuiHeadSpan> spans;
  std::size_t at = kMark;
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    if (layout.widths[i] == 0) continue;
    const std::optional<WorkerSort> sort = layout.columns[i]->sort;
    if (sort && is_offered(*sort, service))
      spans.push_back({at - kGap, at + layout.widths[i], static_cast<std::size_t>(*sort)});
    at += layout.widths[i] + kGap;
  }
  return spans;
}

StyledLine header(const TuiScene& scene, const ServiceRow& service, const Layout& layout) {
  const bool threads = std::any_of(service.workers.begin(), service.workers.end(),
                                   [](const WorkerRow& worker) { return worker.tid.has_value(); });
  StyledLine line;
  line.add_spaces(kMark - kGap);
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    const std::size_t width = layout.widths[i];
    if (width == 0) continue;
    const WorkerColumn& column = *layout.columns[i];
    const bool sorted = column.sort == shown_sort(service, scene.state.sort);
    const bool ascending = scene.state.reversed != (column.sort == WorkerSort::pid);
    const std::string text =
        column.kind == ColumnKind::bar ? (width >= 11 ? "CONNECTIONS" : "CONNS") : header_text(column, threads);
    line.append(head_cell({text, column.left, width + kGap, sorted, ascending}, scene.options.ascii));
  }
  line.add_spaces(kGap);
  return line.append(strip_header(scene, shown_heat(service, scene.state.heat), layout.strip));
}

/// One scale for all workers: what is as high is as much. Busy all the time, and a whole CPU, is the highest at least.
std::uint64_t highest(const TuiScene& scene, const ServiceRow& service, std::size_t width) {
  const TuiHeat heat = shown_heat(service, scene.state.heat);
  const bool is_part_of_time = heat == TuiHeat::busy || heat == TuiHeat::cpu;
  std::uint64_t most = is_part_of_time ? static_cast<std::uint64_t>(scene.snapshot.run.interval.count()) : 0;
  for (const WorkerRow& worker : service.workers)
    most = std::max(most, most_of(scene, scene.history.of(service, worker), heat, width));
  return most;
}

/// What the worker is up to, at a glance.
std::string mark(const ServiceRow& service, const WorkerRow& worker, bool ascii) {
  if (worker.exited) return ascii ? "x" : "×";
  if (is_apart(worker)) return " ";
  if (is_idle(service, worker)) return ascii ? "-" : "○";
  return !is_at_work(service, worker) ? " " : ascii ? "*" : "●";
}

class Rows {
 public:
  Rows(const TuiScene& scene, const ServiceRow& service, const Layout& layout)
      : scene_(scene), service_(service), layout_(layout), most_(highest(scene, service, layout.strip)) {
    for (const WorkerRow& worker : service.workers) busiest_ = std::max(busiest_, held_by(worker).connections);
  }

  [[nodiscard]] StyledLine row(const WorkerRow& worker) const {
    const bool apart = worker.exited || is_apart(worker);
    const Style style = apart ? Style::faint : Style::plain;
    StyledLine line;
    line.add(" ").add(mark(service_, worker, scene_.options.ascii), is_idle(service_, worker) ? style : Style::strong);
    line.add(" ");
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
      const std::size_t width = layout_.widths[i];
      if (width == 0) continue;
      const WorkerColumn& column = *layout_.columns[i];
      if (column.kind == ColumnKind::bar)
        line.append(bar_cell(worker, width));
      else if (column.left)
        line.append(left_cell(cell_text(column, scene_, service_, worker), width, style));
      else
        line.add_right(cell_text(column, scene_, service_, worker), width, style);
      line.add_spaces(kGap);
    }
    line.append(strip(scene_, scene_.history.of(service_, worker), shown_heat(service_, scene_.state.heat),
                      layout_.strip, most_));
    return scene_.state.worker == id_of(worker) ? selected(std::move(line), scene_.options) : line;
  }

 private:
  /// Cut where the column is narrower than the text.
  [[nodiscard]] StyledLine left_cell(std::string text, std::size_t width, Style style) const {
    StyledLine cell(std::move(text), style);
    cell.cut(width, scene_.options.ascii);
    return cell.add_spaces(width - cell.width());
  }

  [[nodiscard]] StyledLine bar_cell(const WorkerRow& worker, std::size_t width) const {
    StyledLine cell;
    if (worker.role == Role::holder) return cell.add_left("holder", width, Style::faint);
    if (worker.role == Role::supervisor)
      return cell.add_left(width >= 10 ? "supervisor" : "superv.", width, Style::faint);
    if (worker.role == Role::acceptor) return cell.add_left(width >= 8 ? "acceptor" : "accept.", width, Style::faint);
    if (is_idle(service_, worker) && has_no_connection(worker)) return cell.add_left("idle", width, Style::faint);
    return cell.add_left(bar(static_cast<double>(held_by(worker).connections), static_cast<double>(busiest_), width,
                             scene_.options.ascii),
                         width, Style::bar);
  }

  const TuiScene& scene_;
  const ServiceRow& service_;
  const Layout& layout_;
  std::uint64_t most_;
  std::uint64_t busiest_ = 0;
};

}  // namespace

WorkerSort shown_sort(const ServiceRow& service, WorkerSort chosen) {
  return is_offered(chosen, service) ? chosen : WorkerSort::connections;
}

std::vector<const WorkerRow*> worker_rows(const ServiceRow& service, const TuiState& state) {
  std::vector<const WorkerRow*> rows = sorted_workers(service, state.sort, state.reversed);
  std::erase_if(rows, [&](const WorkerRow* row) { return !is_match(service, *row, state.filter); });
  return rows;
}

std::vector<const WorkerRow*> sorted_workers(const ServiceRow& service, WorkerSort chosen, bool reversed) {
  const WorkerSort sort = shown_sort(service, chosen);
  std::vector<const WorkerRow*> workers;
  for (const WorkerRow& worker : service.workers) workers.push_back(&worker);
  std::sort(workers.begin(), workers.end(), [sort, reversed](const WorkerRow* a, const WorkerRow* b) {
    const auto rank = [sort, reversed](const WorkerRow& w) {
      const std::uint64_t value = sort_value(w, sort);
      return std::tuple(is_apart(w), reversed ? value : ~value, ~held_by(w).connections, w.pid, w.tid.value_or(0),
                        w.exited);
    };
    return rank(*a) < rank(*b);
  });
  return workers;
}

TuiBody workers_page(const TuiScene& scene, const ServiceRow& service, std::size_t room) {
  const Layout layout = layout_of(scene, service);
  const std::vector<const WorkerRow*> workers = worker_rows(service, scene.state);
  const Rows rows(scene, service, layout);
  TuiBody body;
  body.head.push_back(header(scene, service, layout));
  body.heads = head_spans(service, layout);
  body.hidden = service.workers.size() - workers.size();
  const std::size_t left = room - std::min<std::size_t>(room, 1);
  body.total = workers.size();
  body.first = clamped_first(scene.state.first, workers.size(), left);
  for (std::size_t i = body.first; i < std::min(workers.size(), body.first + left); ++i)
    body.rows.push_back(rows.row(*workers[i]));
  return body;
}

}  // namespace acceptscope
