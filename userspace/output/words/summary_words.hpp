// SPDX-License-Identifier: BSD-2-Clause
/// What the closing summary says, without its layout: for text and for Markdown.
#pragma once

#include <string>
#include <vector>

#include "model/snapshot.hpp"
#include "output/words/options.hpp"
#include "text/styled_line.hpp"

namespace acceptscope {

/// "40 connections accepted on 0.0.0.0:8000 in 60.0 s, by 3 workers: 0 closed, 40 open. The busiest worker, …"
[[nodiscard]] std::string run_in_a_sentence(const Snapshot& snapshot, const TextOptions& options);

/// A line of figures. Two spaces part those that belong to different things.
struct ServiceDetail {
  std::string label;  ///< "response", "accept queue"; empty: it continues the one above
  std::string text;
};

/// Percentiles of all durations with the number of events that they cover, close reasons, accept queue, listening
/// socket, clients. None for a service without connections.
[[nodiscard]] std::vector<ServiceDetail> service_details(const ServiceRow& service, bool ascii);

/// Backend, end, command, losses and the check of the totals, the cost of tracing: a line each.
[[nodiscard]] std::vector<StyledLine> closing_lines(const Snapshot& snapshot, bool ascii);

}  // namespace acceptscope
