// SPDX-License-Identifier: BSD-2-Clause
#include "app/demo.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "app/app.hpp"
#include "app/trace.hpp"
#include "demo/client.hpp"
#include "demo/prefork_server.hpp"

namespace acceptscope {
namespace {

TraceEnd show(const cli::Options& options, demo::ClientKind kind) {
  Result<demo::DemoServer> server = demo::DemoServer::start();
  if (!server) {
    complain(server.error().message());
    return {kExitFailed, false};
  }
  const bool pinned = kind == demo::ClientKind::pinned;
  fmt::print(stderr, "{}: {} workers behind 127.0.0.1:{}, {}\n\n", pinned ? "Pinned" : "Spread",
             server->worker_pids().size(), server->port(),
             pinned ? "a client that keeps a pool of connections" : "a client that opens a connection per request");
  cli::Options traced = options;
  const Result<PortSet> port = PortSet::parse(std::to_string(server->port()));
  if (port) traced.ports = *port;
  const Nanoseconds duration = options.duration.value_or(demo::kDefaultClientTime);
  traced.duration.reset();  // the run ends with the client
  return run_trace(traced, [&] { return demo::start_client(kind, server->port(), duration); });
}

}  // namespace

int run_demo(const cli::Options& options) {
  if (options.demo == cli::DemoKind::spread) return show(options, demo::ClientKind::spread).exit_status;
  const TraceEnd pinned = show(options, demo::ClientKind::pinned);
  if (options.demo == cli::DemoKind::pinned || pinned.interrupted || pinned.exit_status != kExitOk)
    return pinned.exit_status;
  fmt::print(stderr, "\n");
  return show(options, demo::ClientKind::spread).exit_status;
}

}  // namespace acceptscope
