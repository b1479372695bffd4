// SPDX-License-Identifier: BSD-2-Clause
#include "output/plain/worker_table.hpp"

#include <algorithm>

#include "model/serving.hpp"
#include "text/bar.hpp"
#include "text/escape.hpp"

namespace acceptscope {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;
constexpr std::size_t kBarMost = 24;

}  // namespace

WorkerTable::WorkerTable(const Snapshot& snapshot, const TextOptions& options)
    : ascii_(options.ascii),
      final_(options.final),
      rate_time_(options.final ? snapshot.run.duration : snapshot.recent_interval),
      columns_(worker_columns_of(&WorkerColumn::plain)) {
  for (const ServiceRow& service : snapshot.services)
    for (const WorkerRow& worker : service.workers) threads_ = threads_ || worker.tid.has_value();
  for (const WorkerColumn* column : columns_) widths_.push_back(wanted_width(*column, snapshot));
  fit(options.width);
}

/// 0: the column is not shown.
std::size_t WorkerTable::wanted_width(const WorkerColumn& column, const Snapshot& snapshot) const {
  if (!is_shown(column, snapshot.services, !final_)) return 0;
  std::size_t width = std::max(column.plain.least, header_text(column, threads_).size());
  if (column.kind == ColumnKind::bar) return width;
  for (const ServiceRow& service : snapshot.services)
    for (const WorkerRow& worker : service.workers)
      width = std::max(width, display_width(cell(column, service, worker)));
  return width;
}

/// The last column has no gap behind it.
void WorkerTable::fit(std::size_t width) {
  std::vector<int> leaves;
  for (const WorkerColumn* column : columns_) leaves.push_back(column->plain.leaves);
  const std::size_t room = width - std::min(width, kIndent) + kGap;
  fit_columns(widths_, leaves, room, kGap);
  const std::size_t taken = room_of(widths_, kGap);
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i]->kind == ColumnKind::bar && widths_[i] > 0)
      widths_[i] = std::min(kBarMost, widths_[i] + room - std::min(room, taken));
}

std::string WorkerTable::cell(const WorkerColumn& column, const ServiceRow& service, const WorkerRow& worker) const {
  return column.cell({service, worker, rate_time_, !final_, ascii_});
}

StyledLine WorkerTable::header() const {
  StyledLine line;
  line.add_spaces(kIndent);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths_[i] == 0) continue;
    if (i > 0) line.add_spaces(kGap);
    const std::string text = header_text(*columns_[i], threads_);
    columns_[i]->left ? line.add_left(text, widths_[i], Style::faint) : line.add_right(text, widths_[i], Style::faint);
  }
  return line;
}

StyledLine WorkerTable::row(const ServiceRow& service, const WorkerRow& worker) const {
  const Style style = worker.exited ? Style::faint : Style::plain;
  const auto busiest = static_cast<double>(held_by(service.workers.front()).connections);  // they are sorted
  StyledLine line;
  line.add_spaces(kIndent);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths_[i] == 0) continue;
    if (i > 0) line.add_spaces(kGap);
    if (columns_[i]->kind == ColumnKind::bar)
      line.add_left(bar(static_cast<double>(held_by(worker).connections), busiest, widths_[i], ascii_), widths_[i],
                    Style::bar);
    else if (columns_[i]->left)
      line.add_left(cell(*columns_[i], service, worker), widths_[i], style);
    else
      line.add_right(cell(*columns_[i], service, worker), widths_[i], style);
  }
  return line;
}

}  // namespace acceptscope
