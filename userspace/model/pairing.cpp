// SPDX-License-Identifier: BSD-2-Clause
#include "model/pairing.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

#include "model/worker_names.hpp"

namespace acceptscope {
namespace {

using Texts = std::set<OutsideText>;

/// How much two sets have in common: 0 to 1, their intersection as a part of their union. 0 of empty ones.
double likeness(const Texts& a, const Texts& b) {
  const auto common =
      static_cast<double>(std::ranges::count_if(a, [&b](const OutsideText& text) { return b.contains(text); }));
  const double all = static_cast<double>(a.size() + b.size()) - common;
  return all > 0 ? common / all : 0;
}

/// The start of a process is converted from the clock since boot, which each run does anew.
constexpr Nanoseconds kSameStart = std::chrono::milliseconds{100};

bool is_same_process(const WorkerRow& a, const WorkerRow& b) {
  if (a.pid != b.pid || !a.start_time || !b.start_time) return false;
  const Nanoseconds apart = *a.start_time - *b.start_time;
  return apart < kSameStart && apart > -kSameStart;
}

bool share_a_process(const ServiceRow& a, const ServiceRow& b) {
  return std::ranges::any_of(a.workers, [&b](const WorkerRow& one) {
    return std::ranges::any_of(b.workers, [&one](const WorkerRow& other) { return is_same_process(one, other); });
  });
}

/// What tells a service from others at its address.
struct Traits {
  Texts names, cgroups, commands, comms;

  explicit Traits(const ServiceRow& service) {
    if (service.netns_name) names.insert(*service.netns_name);
    if (const auto container = common_container(service)) names.insert(*container);
    for (const WorkerRow& row : service.workers) {
      if (row.cgroup) cgroups.insert(*row.cgroup);
      if (row.cmdline) commands.insert(*row.cmdline);
      comms.insert(row.comm);
    }
  }
};

/// Likenesses, the most telling one first.
using Score = std::array<double, 5>;
constexpr std::array kTelling{PairedBy::processes, PairedBy::name, PairedBy::name, PairedBy::command,
                              PairedBy::command};

Score score_of(const ServiceRow& a, const ServiceRow& b) {
  const Traits one(a), other(b);
  return {share_a_process(a, b) ? 1.0 : 0.0, likeness(one.names, other.names), likeness(one.cgroups, other.cgroups),
          likeness(one.commands, other.commands), likeness(one.comms, other.comms)};
}

/// The services of one address that are not paired yet.
class Group {
 public:
  Group(const Snapshot& before, const Snapshot& after, Pairing& pairing, std::vector<std::size_t> olds,
        std::vector<std::size_t> news)
      : before_(before), after_(after), pairing_(pairing), olds_(std::move(olds)), news_(std::move(news)) {}

  void pair() {
    if (olds_.size() == 1 && news_.size() == 1) return take(0, 0, PairedBy::address);
    while (pair_most_alike()) {
    }
    if (olds_.empty() || news_.empty()) return;
    if (olds_.size() == 1 && news_.size() == 1 && paired_any_) return take(0, 0, PairedBy::rest);
    for (const std::size_t i : olds_) pairing_.ambiguous_before[i] = true;
    for (const std::size_t k : news_) pairing_.ambiguous_after[k] = true;
  }

 private:
  void take(std::size_t old, std::size_t fresh, PairedBy by) {
    pairing_.of_after[news_[fresh]] = Pair{olds_[old], by};
    olds_.erase(olds_.begin() + static_cast<std::ptrdiff_t>(old));
    news_.erase(news_.begin() + static_cast<std::ptrdiff_t>(fresh));
    paired_any_ = true;
  }

  /// Pairs two of which each is more like the other than any other is; false if there are no such two.
  bool pair_most_alike() {
    std::vector<std::vector<Score>> scores(olds_.size());
    for (std::size_t i = 0; i < olds_.size(); ++i)
      for (const std::size_t k : news_) scores[i].push_back(score_of(before_.services[olds_[i]], after_.services[k]));
    for (std::size_t i = 0; i < olds_.size(); ++i)
      for (std::size_t k = 0; k < news_.size(); ++k) {
        const Score& score = scores[i][k];
        Score second{};  // of the others with one of the two
        for (std::size_t j = 0; j < news_.size(); ++j)
          if (j != k) second = std::max(second, scores[i][j]);
        for (std::size_t j = 0; j < olds_.size(); ++j)
          if (j != i) second = std::max(second, scores[j][k]);
        if (score <= second) continue;
        const auto [telling, other] = std::ranges::mismatch(score, second);
        take(i, k, kTelling[static_cast<std::size_t>(telling - score.begin())]);
        return true;
      }
    return false;
  }

  const Snapshot& before_;
  const Snapshot& after_;
  Pairing& pairing_;
  std::vector<std::size_t> olds_, news_;
  bool paired_any_ = false;
};

bool is_named(const ServiceRow& service, const std::string& name) {
  const auto container = common_container(service);
  return service.endpoint.to_string() == name || std::to_string(service.netns) == name ||
         (service.netns_name && service.netns_name->raw() == name) || (container && container->raw() == name);
}

OutsideText name_of(const ServiceRow& service) {
  OutsideText name = service.endpoint.to_string() + " in network namespace " + std::to_string(service.netns);
  if (service.netns_name) name += " '" + *service.netns_name + "'";
  if (const auto container = common_container(service)) name += " (" + *container + ")";
  return name;
}

Result<std::size_t> find(const Snapshot& snapshot, const std::string& name, const std::string& where) {
  std::vector<std::size_t> found;
  OutsideText all;
  for (std::size_t i = 0; i < snapshot.services.size(); ++i) {
    if (is_named(snapshot.services[i], name)) found.push_back(i);
    all += (i == 0 ? "" : ", ") + name_of(snapshot.services[i]);
  }
  if (found.size() == 1) return found[0];
  return failure("--pair: '" + name + "' names " + (found.empty() ? "no service" : "several services") + " of " + where,
                 "there are: " + all);
}

/// The services of `wanted` at the address of `service`.
std::vector<std::size_t> at_address_of(const ServiceRow& service, const std::vector<ServiceRow>& services,
                                       const std::vector<bool>& taken) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < services.size(); ++i)
    if (!taken[i] && services[i].endpoint == service.endpoint) found.push_back(i);
  return found;
}

}  // namespace

Result<Pairing> pair_services(const Snapshot& before, const Snapshot& after, std::span<const AskedPair> asked) {
  Pairing pairing;
  pairing.of_after.resize(after.services.size());
  pairing.ambiguous_before.resize(before.services.size());
  pairing.ambiguous_after.resize(after.services.size());
  std::vector<bool> old_taken(before.services.size()), new_taken(after.services.size());
  for (const AskedPair& pair : asked) {
    const Result<std::size_t> old = find(before, pair.before, "BEFORE");
    if (!old) return tl::unexpected(old.error());
    const Result<std::size_t> fresh = find(after, pair.after, "AFTER");
    if (!fresh) return tl::unexpected(fresh.error());
    if (old_taken[*old] || new_taken[*fresh])
      return failure("--pair: '" + pair.before + "=" + pair.after + "' pairs a service a second time");
    pairing.of_after[*fresh] = Pair{*old, PairedBy::user};
    old_taken[*old] = new_taken[*fresh] = true;
  }
  for (std::size_t k = 0; k < after.services.size(); ++k) {
    if (new_taken[k]) continue;
    const std::vector<std::size_t> olds = at_address_of(after.services[k], before.services, old_taken);
    const std::vector<std::size_t> news = at_address_of(after.services[k], after.services, new_taken);
    for (const std::size_t i : olds) old_taken[i] = true;
    for (const std::size_t j : news) new_taken[j] = true;
    Group(before, after, pairing, olds, news).pair();
  }
  if (before.services.size() == 1 && after.services.size() == 1 && !pairing.of_after[0])
    pairing.of_after[0] = Pair{0, PairedBy::rest};
  return pairing;
}

}  // namespace acceptscope
