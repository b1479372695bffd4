// SPDX-License-Identifier: BSD-2-Clause
/// What several rules ask and say.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/findings/subject.hpp"

namespace acceptscope::rules {

/// Maximum number of workers listed by pid.
inline constexpr std::size_t kMostPids = 8;

/// There are connections, and workers that could have them.
[[nodiscard]] bool has_traffic(const Subject& subject);

/// Connections of the service, and those of them that no worker is known to have.
struct Told {
  std::uint64_t seen = 0;
  std::uint64_t untold = 0;

  [[nodiscard]] bool enough() const;
};
[[nodiscard]] Told told_of(const Subject& subject);

/// Others than the acceptors have so many of the connections that the acceptors say nothing about the spread.
[[nodiscard]] bool is_handed_over(const ServiceRow& service);

/// Likewise, and it is not known who has them: those are not selected, or the dump does not say.
[[nodiscard]] bool is_handed_over_to_unknown(const ServiceRow& service);

/// "pid 7", the acceptors of a service whose connections others have, or "the worker that accepts".
[[nodiscard]] std::string acceptors_text(const ServiceRow& service);

/// One in twenty of the connections, or several at once, waited for long to be accepted. With few samples the 95 %
/// quantile is the worst one; but several that wait at once, for long, are no accident.
[[nodiscard]] bool accept_waits_are_long(const ServiceRow& service);

/// Of such a service: "1 in 20 connections waited 900 ms or more to be accepted", "9 connections wait to be accepted,
/// for up to 2.0 s"
[[nodiscard]] std::string accept_waits_text(const ServiceRow& service);

/// "3.5 accepts/s", "less than 0.1 accepts/s", "no accepts"
[[nodiscard]] std::string accepts_text(std::uint64_t accepts, Nanoseconds duration);

/// What is uneven, in words that need no glossary: "29 of 32 workers are idle; 3 own all 40 connections", "5 of 8
/// workers own none; 2 own 30 of 36 connections", "1 of 4 workers has 10 of 16 connections". \param one,many what a
/// worker, and several, do with their connections: "owns", "own"
[[nodiscard]] std::string spread_text(const ServiceRow& service, const Spread& spread, std::string_view one,
                                      std::string_view many);

/// "≥ 41 s" of a service with connections whose ages count from the beginning of the run.
[[nodiscard]] std::string age_text(const ServiceRow& service, Nanoseconds age);

// Evidence, each in one sentence or none.
void add_effective(Finding& finding, const Spread& spread);
void add_idle(Finding& finding, const ServiceRow& service, const Spread& spread, std::string_view what);
void add_busiest(Finding& finding, const ServiceRow& service, const Spread& spread, Basis basis);
void add_other_measures(Finding& finding, const ServiceRow& service);
void add_lifetimes(Finding& finding, const ServiceRow& service);
void add_peer(Finding& finding, const ServiceRow& service);
void add_acceptors(Finding& finding, const ServiceRow& service);
void add_never_accepted(Finding& finding, const ServiceRow& service);

}  // namespace acceptscope::rules
