// SPDX-License-Identifier: BSD-2-Clause
/// What a finding can say of a service: its code and the code's name in the dump, in its schema and on every screen.
#pragma once

#include <cstdint>
#include <string_view>

#include "util/enum_names.hpp"

namespace acceptscope {

enum class VerdictCode : std::uint8_t {
  balanced,
  keepalive_pinning,
  accept_skew,
  too_few_connections,
  accept_queue_saturated,
  handed_over,
  no_traffic,
  too_early,
  uneven_traffic,
  worker_saturated,
  all_busy,
  worker_stalled,
  queue_stuck,
  clients_refused,
  draining,
  not_told
};

template <>
struct EnumNames<VerdictCode> {
  static constexpr std::string_view name(VerdictCode value) {
    switch (value) {
      case VerdictCode::balanced: return "balanced";
      case VerdictCode::keepalive_pinning: return "keepalive_pinning";
      case VerdictCode::accept_skew: return "accept_skew";
      case VerdictCode::too_few_connections: return "too_few_connections";
      case VerdictCode::accept_queue_saturated: return "accept_queue_saturated";
      case VerdictCode::handed_over: return "handed_over";
      case VerdictCode::no_traffic: return "no_traffic";
      case VerdictCode::too_early: return "too_early";
      case VerdictCode::uneven_traffic: return "uneven_traffic";
      case VerdictCode::worker_saturated: return "worker_saturated";
      case VerdictCode::all_busy: return "all_busy";
      case VerdictCode::worker_stalled: return "worker_stalled";
      case VerdictCode::queue_stuck: return "queue_stuck";
      case VerdictCode::clients_refused: return "clients_refused";
      case VerdictCode::draining: return "draining";
      case VerdictCode::not_told: return "not_told";
    }
    return {};
  }
};

}  // namespace acceptscope
