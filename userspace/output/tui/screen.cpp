// SPDX-License-Identifier: BSD-2-Clause
/// The frame of every page: title, service, verdict, figures above; details, losses, keys below.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/figures.hpp"
#include "model/names.hpp"
#include "model/serving.hpp"
#include "output/tui/parts.hpp"
#include "output/words/finding_lines.hpp"
#include "output/words/service_lines.hpp"
#include "output/words/service_table.hpp"
#include "output/words/worker_cells.hpp"
#include "output/words/worker_columns.hpp"
#include "output/words/worker_lines.hpp"
#include "text/bar.hpp"
#include "text/escape.hpp"
#include "text/numbers.hpp"

namespace acceptscope {
namespace {

/// Minimum number of lines of a page, a head and some rows: everything above it gives way to them.
constexpr std::size_t kBodyLeast = 6;
constexpr std::size_t kTroubleMost = 3;
constexpr std::size_t kHeightForDetails = 18;
constexpr std::size_t kDetailsMost = 7;   // lines about a worker: at 80 columns five for its figures
constexpr std::size_t kFindingLines = 3;  // of the overview

/// A line above the page; the highest rank gives way first.
struct RankedLine {
  StyledLine line;
  int rank;
};

struct Frame {
  std::vector<StyledLine> top;
  std::vector<StyledLine> bottom;  ///< without the line of keys
  bool keys = false;
  std::size_t room = 0;  ///< between them
};

TextOptions plain_options(const TuiOptions& options) {
  return {.width = options.width, .ascii = options.ascii, .host_netns = options.host_netns};
}

/// `left` and `right` at the two ends of a full line; without `right` if there is no room for both.
StyledLine ends(StyledLine left, const StyledLine& right, const TuiOptions& options, Style fill) {
  const bool both = right.width() + 20 < options.width;
  const std::size_t room = both ? options.width - right.width() : options.width;
  left.cut(both ? room - 1 : room, options.ascii);
  left.add(std::string(room - std::min(room, left.width()), ' '), fill);
  if (both) left.append(right);
  return left;
}

StyledLine title(const TuiScene& s) {
  StyledLine left(" acceptscope ", Style::title);
  const RunInfo& run = s.snapshot.run;
  left.add(
      fmt::format(" {}  {}  {}", duration_text(run.duration, s.options.ascii),
                  escape_text(run.backend, {.ascii = s.options.ascii}), describe_filters(run.filters, s.options.ascii)),
      Style::title);
  const bool overview = shows_overview(s.snapshot, s.state);
  const bool list = worker_with_list(s.snapshot, s.state) != nullptr;
  std::string pages = s.state.paused ? "PAUSED  " : "";
  if (overview && !s.state.help) pages += "[overview]";
  if (list && !s.state.help) pages += "[connections]";
  for (const TuiPage page : enum_values<TuiPage>) {
    if (overview || list) continue;
    const bool here = !s.state.help && page == s.state.page;
    pages += fmt::format("{}{}{}", here ? '[' : ' ', enum_name(page), here ? ']' : ' ');
  }
  pages += s.state.help ? "[help]" : "";
  return ends(std::move(left), StyledLine(pages + " ", Style::title), s.options, Style::title);
}

/// "[1 0.0.0.0:8000] 2 [::1]:9000", scrolled so that the chosen service is visible.
StyledLine tabs(const TuiScene& s, const ServiceRow& shown) {
  const std::vector<const ServiceRow*> services = services_in_order(s.snapshot);
  StyledLine line(fmt::format(" {}:", count_of(services.size(), "service")), Style::faint);
  const std::size_t at =
      static_cast<std::size_t>(std::find(services.begin(), services.end(), &shown) - services.begin());
  const std::size_t per_line = std::max<std::size_t>(s.options.width / 24, 1);
  for (std::size_t i = at / per_line * per_line; i < services.size() && line.width() < s.options.width; ++i) {
    const std::string name = service_name(*services[i], s.snapshot, plain_options(s.options));
    const bool alarming = services[i]->verdict.severity >= Severity::warning;
    const std::string text = fmt::format("{} {}{}", i + 1, name, alarming ? "!" : "");
    line.add(i == at ? "  [" + text + "]" : "   " + text + " ", i == at ? Style::strong : Style::plain);
  }
  return line;
}

StyledLine headline(const TuiScene& s, const ServiceRow& service) {
  StyledLine line(fmt::format(" {}", service_name(service, s.snapshot, plain_options(s.options))), Style::strong);
  line.add(fmt::format("  {} could accept, {} idle", count_of(service.workers_eligible, "worker"),
                       count_text(idle_workers(service))));
  for (const auto& [role, words] : {std::pair{Role::acceptor, "accepted by"}, {Role::supervisor, "supervised by"}}) {
    std::string names;
    for (const WorkerRow& row : service.workers)
      if (row.role == role)
        names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", escape_text(row.comm, {.ascii = s.options.ascii}),
                             row.tid.value_or(row.pid));
    if (!names.empty()) line.add(fmt::format("; {} {}", words, names), Style::faint);
  }
  return line;
}

std::vector<StyledLine> verdict_lines(const TuiScene& s, const ServiceRow& service) {
  const Finding& verdict = service.verdict;
  if (verdict.summary.empty()) return {};
  std::vector<StyledLine> lines = finding_headline(StyledLine(" "), verdict, s.options.width, s.options.ascii);
  const std::size_t most = s.options.width < 80 ? 4 : 3;
  if (lines.size() > most) {
    lines.resize(most);
    lines.back().add(s.options.ascii ? " ..." : " …");
  }
  return lines;
}

/// " also WARNING accept_skew, INFO not_told": the page of findings has their sentences.
std::optional<StyledLine> further_line(const ServiceRow& service) {
  StyledLine line(" also", Style::faint);
  std::string separator = " ";
  for (const Finding* finding : further_findings(service)) {
    line.add(separator).append(severity_word(finding->severity)).add(fmt::format(" {}", enum_name(finding->code)));
    separator = ", ";
  }
  if (separator == " ") return std::nullopt;
  return line;
}

/// The service's requests, in at most two lines.
std::vector<StyledLine> request_lines(const TuiScene& s, const ServiceRow& service) {
  std::vector<StyledLine> lines = requests_lines(service, s.snapshot, plain_options(s.options), 1);
  lines.resize(std::min<std::size_t>(lines.size(), 2));
  return lines;
}

/// " Effective workers  ██▋······|······  2.6 of 32; a fair draw: ≥ 13.8": the bar is full if all have the same share.
/// By requests where they are counted: these have no fair draw, because the client chooses the connection.
StyledLine gauge(const TuiScene& s, const ServiceRow& service) {
  const std::optional<double> requests = effective_by_requests(service);
  const bool by_requests = requests.has_value();
  const std::optional<double> effective = by_requests ? requests : effective_by_connections(service);
  StyledLine line(" Effective workers  ");
  if (!effective || service.workers_eligible == 0) return line.add("-  (no connection yet)", Style::faint);
  const auto eligible = static_cast<double>(service.workers_eligible);
  const double fair = by_requests ? 0 : service.effective_workers.fair_p01.value_or(0);  // 0: there is no such draw
  std::string text = fmt::format("{} of {}", decimal_text(*effective), count_text(service.workers_eligible));
  const std::string note = by_requests ? "  by requests"
                           : fair > 0
                               ? fmt::format("  (a fair draw: {})", at_least_text(decimal_text(fair), s.options.ascii))
                               : "";
  const std::size_t taken = line.width() + 2 + display_width(text) + display_width(note);
  const std::size_t width = std::min<std::size_t>(s.options.width - std::min(s.options.width, taken + 1), 60);
  if (width >= 8) {
    const bool skewed = *effective < fair;
    const std::string filled = bar(*effective, eligible, width, s.options.ascii);
    const std::size_t columns = display_width(filled);
    line.add(filled, by_requests ? Style::bar : skewed ? Style::warning : Style::good);
    for (std::size_t i = columns; i < width; ++i) {
      const bool mark = fair > 0 && i == static_cast<std::size_t>(fair / eligible * static_cast<double>(width));
      line.add(mark ? "|" : s.options.ascii ? "." : "·", mark ? Style::strong : Style::faint);
    }
    line.add("  ");
  }
  return line.add(text, Style::strong).add(note, Style::faint);
}

struct Figure {
  std::string_view label;
  std::string value;
};

/// Figures below each other, in columns that do not move when the numbers grow.
std::vector<StyledLine> figure_lines(const TuiScene& s, const ServiceRow& service) {
  const bool ascii = s.options.ascii;
  const auto active = [](const ActiveStats& stats) {
    return stats.windows == 0 ? std::string("-")
                              : fmt::format("{} now, p50 {}", count_text(stats.now), count_text(stats.p50));
  };
  const ActiveStats serving = active_by_requests(service).value_or(service.active_workers.serving);
  const AcceptQueue& queue = service.accept_queue;
  const std::string backlog = service.backlog ? fmt::format(" of {}", count_text(*service.backlog)) : "";
  std::uint64_t unread = 0;
  for (const WorkerRow& row : service.workers) unread += row.unread_connections;
  const std::vector<std::array<Figure, 2>> columns = {
      {{{"Serving", active(serving)}, {"Accepting", active(service.active_workers.accepting)}}},
      {{{"Open", fmt::format("{} (peak {})", count_text(service.open), count_text(service.counts.peak_open))},
        {"Closed", count_text(service.counts.closed())}}},
      {{{"Lifetime p50", median_lifetime_text(service.lifetime, ascii)},
        {"Wait p95", duration_text(service.accept_wait.p95, ascii)}}},
      {{{"Accepts/s", rate_text(service.recent_accepts, s.snapshot.recent_interval)},
        {"Queue", count_text(queue.depth) + backlog}}},
      {{{"Accepts", count_text(service.counts.accepts)}, {"From before", count_text(service.counts.preexisting)}}},
      {{{"Overflows", queue.overflows ? count_text(*queue.overflows) : "-"}, {"Unread", count_text(unread)}}},
  };
  constexpr std::array<std::size_t, 6> widths = {23, 18, 22, 17, 18, 14};
  std::vector<StyledLine> lines(2, StyledLine(" "));
  std::size_t taken = 1;
  for (std::size_t i = 0; i < columns.size() && (i == 0 || taken + widths[i] - 2 <= s.options.width); ++i) {
    taken += widths[i];
    for (std::size_t row = 0; row < 2; ++row) {
      const Figure& figure = columns[i][row];
      StyledLine cell(std::string(figure.label) + " ", Style::faint);
      cell.add(figure.value, Style::strong);
      const std::size_t width = cell.width();
      lines[row].append(cell).add_spaces(width < widths[i] ? widths[i] - width : 1);
    }
  }
  return lines;
}

/// " 20 services: 1 CRITICAL, 2 WARNING, 17 OK": the worst first.
StyledLine severities_line(const Snapshot& snapshot, const TuiState& state) {
  StyledLine line(fmt::format(" {}:", count_of(snapshot.services.size(), "service")), Style::strong);
  std::string separator = " ";
  for (const Severity severity : {Severity::critical, Severity::warning, Severity::info, Severity::ok}) {
    const auto count = std::count_if(snapshot.services.begin(), snapshot.services.end(),
                                     [&](const ServiceRow& service) { return service.verdict.severity == severity; });
    if (count == 0) continue;
    line.add(std::exchange(separator, ", ") + count_text(static_cast<std::uint64_t>(count)) + " ");
    line.append(severity_word(severity));
  }
  if (overview_order(snapshot, state) != worst_first(snapshot)) line.add("  (s: the worst first again)", Style::faint);
  return line;
}

/// " Open connections of 4121: 20, the longest open first"
StyledLine list_line(const TuiScene& s, const WorkerRow& row) {
  StyledLine line(fmt::format(" Open connections of {}: ", pid_text(row)), Style::strong);
  line.add(count_text(s.snapshot.connections.size() + s.snapshot.connections_omitted), Style::strong);
  return line.add(fmt::format(", by {}", enum_name(shown_sort(s.snapshot, s.state.connection_sort))));
}

/// " 4121 (121 in its namespace)  python3 -m uvicorn app:app  /system.slice/app.service"
std::string who_text(const WorkerRow& row, bool ascii) {
  std::string text;
  if (row.proc_pid)
    text += fmt::format("({} in this /proc)  ", *row.proc_pid);
  else if (row.ns_pid && *row.ns_pid != row.pid)
    text += fmt::format("({} in its namespace)  ", *row.ns_pid);
  text += escape_text(row.cmdline.value_or(row.comm), {.ascii = ascii});
  if (row.container) text += fmt::format("  [{}]", escape_text(*row.container, {.ascii = ascii}));
  return row.cgroup ? text + "  " + escape_text(*row.cgroup, {.ascii = ascii}) : text;
}

std::string traffic_text(const WorkerRow& row, bool ascii) {
  std::string text =
      fmt::format("{} in, {} out; {} closed, lifetime p50 {} max {}; {} open", bytes_text(row.counts.bytes_received),
                  bytes_text(row.counts.bytes_sent), count_text(row.lifetime.closed),
                  duration_text(row.lifetime.p50, ascii), duration_text(row.lifetime.max, ascii), count_text(row.open));
  if (row.lifetime.open_age_max)
    text += ", oldest " + age_text(row.lifetime.open_age_max, row.counts.preexisting > 0, ascii);
  return text;
}

std::string requests_text(const RequestStats& requests, bool ascii) {
  return fmt::format("{}, {} in flight (peak {}); response p50 {} p95 {} max {}; unread wait p95 {}; {} aborted",
                     count_of(requests.load.count, "request"), count_text(requests.load.in_flight),
                     count_text(requests.load.in_flight_peak), duration_text(requests.response.p50, ascii),
                     duration_text(requests.response.p95, ascii), duration_text(requests.response.max, ascii),
                     duration_text(requests.unread_wait.p95, ascii), count_text(requests.load.aborted));
}

/// All facts about a worker: its figures in full, its command line in what is left of `most` lines.
std::vector<StyledLine> worker_lines(const TuiScene& s, const WorkerRow& row, std::size_t most) {
  const bool ascii = s.options.ascii;
  const StyledLine indent(" ");
  StyledLine pid(" " + pid_text(row), Style::strong);
  std::vector<StyledLine> lines = wrapped(pid.add(" "), who_text(row, ascii), s.options.width);
  std::vector<StyledLine> figures = wrapped(indent, traffic_text(row, ascii), s.options.width);
  if (row.requests) append(figures, wrapped(indent, requests_text(*row.requests, ascii), s.options.width));
  const std::size_t room = std::max<std::size_t>(most - std::min(most, figures.size()), 1);
  if (lines.size() > room) {
    lines.resize(room);
    lines.back().add(ascii ? " ..." : " …");
  }
  append(lines, std::move(figures));
  return lines;
}

/// Lines in the order in which they stand, each as unimportant as its rank says.
using RankedLines = std::vector<RankedLine>;

/// Adds lines, of which the first one has the rank `first`, and the others have the rank `more`.
void add(RankedLines& ranked, std::vector<StyledLine> lines, int first, int more) {
  int rank = first;
  for (StyledLine& line : lines) ranked.push_back({std::move(line), std::exchange(rank, more)});
}

void add_list_top(RankedLines& ranked, const TuiScene& s, const ServiceRow& service, const WorkerRow& worker) {
  ranked.push_back({headline(s, service), 2});
  ranked.push_back({list_line(s, worker), 1});
  add(ranked, worker_lines(s, worker, kDetailsMost), 3, 4);
}

void add_service_top(RankedLines& ranked, const TuiScene& s, const ServiceRow& service) {
  if (s.snapshot.services.size() > 1) ranked.push_back({tabs(s, service), 3});
  ranked.push_back({headline(s, service), 2});
  add(ranked, verdict_lines(s, service), 1, 2);
  if (std::optional<StyledLine> further = further_line(service)) ranked.push_back({std::move(*further), 3});
  add(ranked, request_lines(s, service), 3, 6);
  ranked.push_back({gauge(s, service), 4});
  add(ranked, figure_lines(s, service), 5, 6);
}

std::vector<StyledLine> top_lines(const TuiScene& s, const ServiceRow* service, std::size_t room) {
  RankedLines ranked = {{title(s), 0}};
  if (!s.state.help) {
    const WorkerRow* const listed = worker_with_list(s.snapshot, s.state);
    if (s.snapshot.services.empty())
      add(ranked, wrapped(StyledLine(" "), nothing_yet_text(s.snapshot, s.options.ascii), s.options.width), 1, 1);
    if (shows_overview(s.snapshot, s.state)) ranked.push_back({severities_line(s.snapshot, s.state), 1});
    if (listed != nullptr)
      add_list_top(ranked, s, *service, *listed);
    else if (service != nullptr)
      add_service_top(ranked, s, *service);
  }
  ranked.push_back({StyledLine(), 8});
  while (ranked.size() > room) {
    const auto least_important = std::max_element(
        ranked.begin(), ranked.end(), [](const RankedLine& a, const RankedLine& b) { return a.rank <= b.rank; });
    ranked.erase(least_important);
  }
  std::vector<StyledLine> lines;
  lines.reserve(ranked.size());
  for (RankedLine& line : ranked) lines.push_back(std::move(line.line));
  return lines;
}

/// The finding of the service under the cursor of the overview, whose row has no room for the sentence. Always as many
/// lines, so that the rows stay in their places.
std::vector<StyledLine> finding_lines(const TuiScene& s) {
  if (s.options.height < kHeightForDetails) return {};
  const ServiceRow* const service = service_at_cursor(s.snapshot, s.state);
  if (service == nullptr) return std::vector<StyledLine>(kFindingLines);
  std::vector<StyledLine> lines = finding_headline(StyledLine(" "), service->verdict, s.options.width, s.options.ascii);
  if (std::optional<StyledLine> further = further_line(*service)) lines.push_back(std::move(*further));
  lines.resize(kFindingLines);
  return lines;
}

/// The worker under the cursor.
std::vector<StyledLine> detail_lines(const TuiScene& s, const ServiceRow* service) {
  if (service == nullptr || s.state.help || s.state.page != TuiPage::workers || s.options.height < kHeightForDetails ||
      worker_with_list(s.snapshot, s.state) != nullptr)
    return {};
  const WorkerRow* const worker = find_worker(*service, s.state.worker);
  if (worker == nullptr) return {};
  const std::size_t most = std::min(kDetailsMost, s.options.height / 4);
  std::vector<StyledLine> lines = worker_lines(s, *worker, most);
  lines.resize(most);  // always as many, so that the rows stay in their places
  return lines;
}

std::vector<StyledLine> losses(const TuiScene& s) {
  std::vector<StyledLine> lines = trouble_lines(s.snapshot, s.options.ascii);
  const std::size_t most = s.options.height < 16 ? 1 : kTroubleMost;
  if (lines.size() > most) lines = {StyledLine(trouble_in_short(s.snapshot), Style::warning)};
  return lines;
}

Frame frame_of(const TuiScene& s) {
  const ServiceRow* service = shown_service(s.snapshot, s.state);
  const std::size_t height = s.options.height;
  Frame frame;
  const bool overview = shows_overview(s.snapshot, s.state) && !s.state.help;
  frame.bottom = overview ? finding_lines(s) : detail_lines(s, service);
  for (StyledLine& line : losses(s)) frame.bottom.push_back(std::move(line));
  frame.keys = height >= 3;
  const std::size_t below = frame.bottom.size() + (frame.keys ? 1 : 0);
  const std::size_t above = height - std::min(height, below);
  frame.top = top_lines(s, service, above > kBodyLeast + 1 ? above - kBodyLeast : std::min<std::size_t>(above, 1));
  frame.room = above - frame.top.size();
  return frame;
}

TuiBody body_of(const TuiScene& s, std::size_t room) {
  if (s.state.help) return help_page(s, room);
  if (shows_overview(s.snapshot, s.state)) return overview_page(s, room);
  if (worker_with_list(s.snapshot, s.state) != nullptr) return connections_page(s, room);
  const ServiceRow* service = shown_service(s.snapshot, s.state);
  if (service == nullptr) return {};
  switch (s.state.page) {
    case TuiPage::workers: return workers_page(s, *service, room);
    case TuiPage::histograms: return histograms_page(s, *service, room);
    case TuiPage::peers: return peers_page(s, *service, room);
    case TuiPage::findings: return findings_page(s, *service, room);
  }
  return {};
}

/// Whether the key does something on this screen.
bool has_meaning(const TuiScene& s, TuiAction action) {
  const bool several = s.snapshot.services.size() > 1;
  const bool overview = shows_overview(s.snapshot, s.state);
  const bool list = worker_with_list(s.snapshot, s.state) != nullptr;
  const bool workers = !overview && !list && s.state.page == TuiPage::workers;
  switch (action) {
    case TuiAction::open: return (overview || workers) && !s.state.help && !s.snapshot.services.empty();
    case TuiAction::back: return s.state.help || list || (several && !overview);
    case TuiAction::next_page: return (!overview && !list) || s.state.help;
    case TuiAction::next_service: return several && !overview;
    case TuiAction::heat:
    case TuiAction::search: return overview || workers;
    case TuiAction::filter: return overview || workers || list;
    default: return true;
  }
}

/// The labels of the keys, as many as there is room for.
StyledLine key_labels(const TuiScene& s, std::size_t room) {
  constexpr std::size_t gap = 2;
  std::vector<const TuiKeyRow*> rows;
  std::vector<std::size_t> widths;
  std::vector<int> leaves;
  for (const TuiKeyRow& row : tui_keys()) {
    if (row.label.empty() || !has_meaning(s, row.action)) continue;
    rows.push_back(&row);
    widths.push_back(row.label.size());
    leaves.push_back(row.leaves);
  }
  fit_columns(widths, leaves, room - std::min<std::size_t>(room, 2), gap);
  StyledLine line(" ", Style::title);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (widths[i] > 0) line.add(std::string(rows[i]->label) + std::string(gap, ' '), Style::title);
  return line;
}

/// " Search: 4121_  Enter Done  Esc Cancel  F3 Next"
StyledLine typing_line(const TuiScene& s, const TuiBody& body) {
  const bool is_search = s.state.typing == TuiTyping::search;
  const std::string text = typed_text(is_search ? s.state.search : s.state.filter, s.options.ascii);
  StyledLine line(fmt::format(" {}: {}_  Enter Done  Esc Cancel", is_search ? "Search" : "Filter", text), Style::title);
  return is_search ? line.add("  F3 Next", Style::title)
                   : line.add(fmt::format("  {} of {}", count_text(body.total), count_text(body.total + body.hidden)),
                              Style::title);
}

/// The keys, or the message of the last key; and the scroll position of the page.
StyledLine last_line(const TuiScene& s, const TuiBody& body) {
  const bool ascii = s.options.ascii;
  std::string where;
  if (!s.state.filter.empty() && s.state.typing != TuiTyping::filter)
    where = fmt::format(" filter {}: {} of {} ", typed_text(s.state.filter, ascii), count_text(body.total),
                        count_text(body.total + body.hidden));
  else if (body.rows.size() < body.total)
    where = fmt::format(" {}-{} of {} ", count_text(body.first + 1), count_text(body.first + body.rows.size()),
                        count_text(body.total));
  StyledLine left = s.state.typing != TuiTyping::nothing ? typing_line(s, body)
                    : s.state.message.empty()
                        ? key_labels(s, s.options.width - std::min(s.options.width, display_width(where)))
                        : StyledLine(" " + escape_text(s.state.message, {.ascii = ascii}), Style::title);
  return ends(std::move(left), StyledLine(where, Style::title), s.options, Style::title);
}

}  // namespace

const ServiceRow* shown_service(const Snapshot& snapshot, const TuiState& state) {
  for (const ServiceRow& service : snapshot.services)
    if (state.service == key_of(service)) return &service;
  return snapshot.services.size() == 1 ? &snapshot.services.front() : nullptr;
}

bool shows_overview(const Snapshot& snapshot, const TuiState& state) {
  return snapshot.services.size() > 1 && shown_service(snapshot, state) == nullptr;
}

const WorkerRow* find_worker(const ServiceRow& service, const std::optional<WorkerId>& worker) {
  for (const WorkerRow& row : service.workers)
    if (worker == id_of(row)) return &row;
  return nullptr;
}

const WorkerRow* worker_with_list(const Snapshot& snapshot, const TuiState& state) {
  const ServiceRow* const service = shown_service(snapshot, state);
  return service == nullptr || !state.connections ? nullptr : find_worker(*service, state.worker);
}

std::optional<ListedWorker> listed_worker(const Snapshot& snapshot, const TuiState& state) {
  if (worker_with_list(snapshot, state) == nullptr) return std::nullopt;
  return ListedWorker{key_of(*shown_service(snapshot, state)), *state.worker};
}

std::string sort_mark(bool ascending, bool ascii) {
  if (ascii) return ascending ? "^" : "v";
  return ascending ? "▲" : "▼";
}

StyledLine head_cell(const TuiHead& head, bool ascii) {
  const Style style = head.sorted ? Style::strong : Style::faint;
  const std::string mark = head.sorted ? sort_mark(head.ascending, ascii) : "";
  StyledLine cell;
  if (!head.left) return cell.add_right(mark + head.text, head.width, style);
  const bool behind = head.text.size() + 2 <= head.width;
  cell.add(head.sorted && !behind ? mark : " ", style);
  return cell.add_left(head.text + (behind ? mark : ""), head.width - std::min<std::size_t>(head.width, 1), style);
}

TuiSpot spot_at(const TuiMouse& mouse, const Snapshot& snapshot, const TuiState& state, const TuiOptions& options) {
  const History none;
  const TuiScene scene{snapshot, none, state, options};
  const Frame frame = frame_of(scene);
  const TuiBody body = body_of(scene, frame.room);
  const std::size_t rows_at = frame.top.size() + body.head.size();
  TuiSpot spot;
  if (mouse.y >= rows_at && mouse.y < rows_at + body.rows.size()) spot.row = body.first + mouse.y - rows_at;
  if (body.head.empty() || mouse.y + 1 != rows_at) return spot;
  for (const TuiHeadSpan& head : body.heads)
    if (mouse.x >= head.from && mouse.x < head.to) spot.sort = head.sort;
  return spot;
}

StyledLine selected(StyledLine line, const TuiOptions& options) {
  line.add_spaces(options.width - std::min(options.width, line.width()));
  line.restyle(Style::selected);
  return line;
}

std::size_t clamped_first(std::size_t first, std::size_t total, std::size_t room) {
  return std::min(first, total - std::min(total, room));
}

TuiBody scrolled(std::vector<StyledLine> head, std::vector<StyledLine> rows, const TuiState& state, std::size_t room) {
  TuiBody body;
  const std::size_t left = room - std::min(room, head.size());
  body.head = std::move(head);
  body.total = rows.size();
  body.first = clamped_first(state.first, rows.size(), left);
  const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(body.first);
  const auto end = begin + static_cast<std::ptrdiff_t>(std::min(left, rows.size() - body.first));
  body.rows.assign(std::make_move_iterator(begin), std::make_move_iterator(end));
  return body;
}

TuiScroll scroll_of(const Snapshot& snapshot, const TuiState& state, const TuiOptions& options) {
  const History none;
  const TuiScene scene{snapshot, none, state, options};
  const std::size_t room = frame_of(scene).room;
  const TuiBody body = body_of(scene, room);
  return {body.total, room - std::min(room, body.head.size())};
}

std::vector<StyledLine> render_tui(const Snapshot& snapshot, const History& history, const TuiState& state,
                                   const TuiOptions& options) {
  const TuiScene scene{snapshot, history, state, options};
  Frame frame = frame_of(scene);
  TuiBody body = body_of(scene, frame.room);
  std::vector<StyledLine> lines = std::move(frame.top);
  if (frame.keys) frame.bottom.push_back(last_line(scene, body));
  const std::size_t below = frame.bottom.size();
  append(lines, std::move(body.head));
  append(lines, std::move(body.rows));
  lines.resize(options.height - std::min(options.height, below));  // adds blank lines, or cuts lines without room
  append(lines, std::move(frame.bottom));
  lines.resize(options.height);
  for (StyledLine& line : lines) line.cut(options.width, options.ascii);
  return lines;
}

}  // namespace acceptscope
