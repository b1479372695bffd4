// SPDX-License-Identifier: BSD-2-Clause
#include "model/findings/servers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace acceptscope {
namespace {

/// What runs inside of another comes first: gunicorn with uvicorn's workers accepts as uvicorn does.
constexpr std::array kKinds{
    ServerKind{"uvicorn", "uvicorn", "--timeout-keep-alive", "--limit-max-requests, which renews the worker", "",
               "--workers", "the backlog, as asyncio does"},
    ServerKind{"Hypercorn", "hypercorn", "--keep-alive", "", "", "--workers", "the backlog, as asyncio does"},
    ServerKind{"aiohttp", "aiohttp", "keepalive_timeout", "", "reuse_port", "", "the backlog, as asyncio does"},
    ServerKind{"asyncio", "asyncio", "", "", "reuse_port", "", "the backlog, as asyncio does"},
    ServerKind{"gunicorn", "gunicorn", "--keep-alive", "--max-requests, which renews the worker", "--reuse-port",
               "--workers", ""},
    ServerKind{"nginx", "nginx", "keepalive_timeout", "keepalive_requests, keepalive_time", "listen … reuseport",
               "worker_processes", "all that wait with multi_accept on, else one"},
    ServerKind{"Apache", "apache2", "KeepAliveTimeout", "MaxKeepAliveRequests", "ListenCoresBucketsRatio",
               "MaxRequestWorkers", ""},
    ServerKind{"Apache", "httpd", "KeepAliveTimeout", "MaxKeepAliveRequests", "ListenCoresBucketsRatio",
               "MaxRequestWorkers", ""},
    ServerKind{"PHP-FPM", "php-fpm", "", "pm.max_requests, which renews the worker", "", "pm.max_children", ""},
    ServerKind{"HAProxy", "haproxy", "timeout http-keep-alive", "", "bind … shards by-thread", "nbthread",
               "tune.maxaccept"},
    ServerKind{"Puma", "puma", "persistent_timeout", "", "", "workers", ""},
    ServerKind{"Unicorn", "unicorn", "", "", "", "worker_processes", ""},
    ServerKind{"PostgreSQL", "postgres", "idle_session_timeout", "", "", "", ""},
};

bool contains(std::string_view text, std::string_view sign) {
  const auto equal = [](unsigned char a, unsigned char b) { return std::tolower(a) == b; };
  return std::search(text.begin(), text.end(), sign.begin(), sign.end(), equal) != text.end();
}

bool runs(const ServiceRow& service, const ServerKind& kind) {
  return std::ranges::any_of(service.workers, [&](const WorkerRow& row) {
    return contains(row.comm.raw(), kind.sign) || (row.cmdline && contains(row.cmdline->raw(), kind.sign));
  });
}

}  // namespace

const ServerKind& server_kind(const ServiceRow& service) {
  static constexpr ServerKind kUnknown{};
  const auto found = std::ranges::find_if(kKinds, [&](const ServerKind& kind) { return runs(service, kind); });
  return found == kKinds.end() ? kUnknown : *found;
}

std::string setting_text(const ServiceRow& service, std::string_view ServerKind::*setting) {
  const ServerKind& kind = server_kind(service);
  return (kind.*setting).empty() ? "" : fmt::format(" ({}: {})", kind.name, kind.*setting);
}

bool serves_one_at_a_time(const ServiceRow& service) {
  if (!service.accept_blocks.value_or(true)) return false;
  std::uint64_t most = 0;
  for (const WorkerRow& row : service.workers) most = std::max(most, row.counts.peak_open);
  return most == 1;
}

}  // namespace acceptscope
