// SPDX-License-Identifier: BSD-2-Clause
#include "model/waiting.hpp"

#include <algorithm>
#include <vector>

namespace acceptscope {
namespace {

Nanoseconds wait_since(MonotonicTime since, MonotonicTime at) { return std::max(at - since, Nanoseconds::zero()); }

void add_youngest(WaitingSummary& summary, std::vector<QueuedConnection>& queued, std::size_t most, MonotonicTime at) {
  const std::size_t count = std::min(queued.size(), most);
  const auto end = queued.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(queued.begin(), end, queued.end(), [](const auto& a, const auto& b) { return a.since > b.since; });
  std::for_each(queued.begin(), end, [&](const QueuedConnection& connection) {
    summary.waits.add(wait_since(connection.since, at));
    summary.depth_max = std::max(summary.depth_max, connection.depth);
  });
}

}  // namespace

std::map<ServiceKey, WaitingSummary> summarize_waiting(std::span<const QueuedConnection> queued,
                                                       std::span<const Listeners> listeners, MonotonicTime at,
                                                       const std::function<ServiceKey(const ServiceKey&)>& resolve) {
  std::map<ServiceKey, std::vector<QueuedConnection>> by_service;
  for (const QueuedConnection& connection : queued) by_service[resolve(connection.service)].push_back(connection);
  std::map<ServiceKey, WaitingSummary> summaries;
  for (const Listeners& service : listeners) {
    if (service.queue_depth == 0) continue;
    WaitingSummary& summary = summaries[service.service];
    if (const auto found = by_service.find(service.service); found != by_service.end())
      add_youngest(summary, found->second, service.queue_depth, at);
    summary.oldest = summary.waits.max();
    for (const ListeningSocket& socket : service.open)
      if (socket.head_since)
        summary.oldest = std::max(summary.oldest, std::optional(wait_since(*socket.head_since, at)));
  }
  return summaries;
}

std::optional<std::uint64_t> overflows_of(const ListenDrops& drops, const std::optional<NamespaceDrops>& in_namespace) {
  if (!in_namespace) return drops.deferring == 0 ? std::optional(drops.all) : std::nullopt;
  const std::uint64_t beside_deferred = drops.deferring - std::min(drops.deferring, in_namespace->deferred);
  return std::min(drops.all - drops.deferring + beside_deferred, in_namespace->overflows);
}

}  // namespace acceptscope
