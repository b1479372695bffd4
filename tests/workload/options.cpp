// SPDX-License-Identifier: BSD-2-Clause
#include "options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>

namespace workload {
namespace {

/// The reason why a combination of options is invalid; empty if it is valid.
std::string contradiction(const Options& options) {
  const bool blocking = options.accepting == Accepting::kBlocking;
  if (options.accepting != Accepting::kEpoll && options.share_services) return "--share-services needs --accept epoll";
  if (options.fork_after_accept && !blocking) return "--fork-after-accept needs --accept blocking";
  if (options.fork_after_accept && options.threads > 1) return "--fork-after-accept needs --threads 1";
  if (options.source_port != 0 && options.concurrency != 1) return "--source-port needs --concurrency 1";
  for (const End end : options.ends) {
    if (end == End::kQueueReset && !options.gate) return "--end queue-reset needs --gate";
    if (end == End::kHold && options.fork_after_accept) return "--end hold contradicts --fork-after-accept";
  }
  return {};
}

}  // namespace

Options parse_options(int argc, char** argv) {
  const std::map<std::string, Accepting> acceptings{{"epoll", Accepting::kEpoll},
                                                    {"blocking", Accepting::kBlocking},
                                                    {"uring", Accepting::kUring},
                                                    {"uring-multishot", Accepting::kUringMultishot}};
  const std::map<std::string, End> ends{{"peer", End::kPeer},
                                        {"local", End::kLocal},
                                        {"reset", End::kReset},
                                        {"local-reset", End::kLocalReset},
                                        {"half-close-peer", End::kHalfClosePeer},
                                        {"half-close-local", End::kHalfCloseLocal},
                                        {"shutdown-after-peer", End::kShutdownAfterPeer},
                                        {"queue-reset", End::kQueueReset},
                                        {"hold", End::kHold}};
  const std::map<std::string, Finish> finishes{
      {"peer", Finish::kPeer}, {"local", Finish::kLocal}, {"exit", Finish::kExit}, {"kill", Finish::kKill}};

  Options options;
  CLI::App app{
      "A prefork server and its client that print the truth about every connection as JSON.\n"
      "One line per phase: 'ready' (listening), 'queued' (only with --gate: connections wait in the accept queue),\n"
      "'traffic_done' (all connections except held ones are closed), 'finished'.\n"
      "With --interactive, every phase but the last waits for a line on standard input;\n"
      "without it, only the last phase is printed."};

  app.add_option("--netns", options.netns, "network namespace, as ip-netns(8) names it")->group("Server");
  app.add_option("--listen", options.listen, "listening addresses; one service each, unless --services is higher")
      ->delimiter(',')
      ->group("Server");
  app.add_option("--port", options.port, "port of the first service; 0: chosen by the kernel")->group("Server");
  app.add_option("--services", options.services, "number of listening sockets, each with its own workers")
      ->check(CLI::PositiveNumber)
      ->group("Server");
  app.add_option("--workers", options.workers, "worker processes per service")
      ->check(CLI::PositiveNumber)
      ->group("Server");
  app.add_option("--threads", options.threads, "accepting threads per worker process")
      ->check(CLI::PositiveNumber)
      ->group("Server");
  app.add_flag("--share-services", options.share_services, "all workers accept on all services")->group("Server");
  app.add_flag("--late-workers", options.late_workers, "fork the workers only after 'ready'")->group("Server");
  app.add_option("--accept", options.accepting, "epoll; blocking, uring, uring-multishot: one connection at a time")
      ->transform(CLI::CheckedTransformer(acceptings))
      ->group("Server");
  app.add_flag("--reuseport", options.reuseport, "one listening socket per worker (SO_REUSEPORT)")->group("Server");
  app.add_flag("--mptcp", options.mptcp, "listen with MPTCP; plain TCP clients are accepted too")->group("Server");
  app.add_flag("--exclusive", options.exclusive, "EPOLLEXCLUSIVE")->group("Server");
  app.add_flag("--drain", options.drain, "accept until the queue is empty, as asyncio does; default: once per wake-up")
      ->group("Server");
  app.add_flag("--fork-after-accept", options.fork_after_accept, "fork a child per connection, which closes it last")
      ->group("Server");
  app.add_flag("--gate", options.gate, "accept only after all connections are made")->group("Server");
  app.add_option("--gate-ms", options.gate_ms, "with --gate: minimum time that connections stay in the accept queue")
      ->group("Server");
  app.add_flag("--never-accept", options.never_accept, "close the listening sockets while connections are queued")
      ->group("Server");
  app.add_option("--backlog", options.backlog, "length of the accept queue")->group("Server");
  app.add_option("--comm", options.comms, "command names of the workers, in turn")->delimiter(',')->group("Server");

  app.add_option("--connect", options.connect, "addresses to connect to, in turn (default: the service's)")
      ->delimiter(',')
      ->group("Client");
  app.add_option("--connections", options.connections, "connections to each service")->group("Client");
  app.add_option("--concurrency", options.concurrency, "client threads, one connection at a time each")
      ->check(CLI::PositiveNumber)
      ->group("Client");
  app.add_option("--hold-ms", options.hold_ms, "time between response and end, in turn")
      ->delimiter(',')
      ->group("Client");
  app.add_option("--request-bytes", options.request_bytes, "payload of a request")->group("Client");
  app.add_option("--response-bytes", options.response_bytes, "size of a response")->group("Client");
  app.add_option("--end", options.ends,
                 "how connections end, in turn: peer, local, reset, local-reset, half-close-peer, half-close-local, "
                 "shutdown-after-peer, queue-reset, hold")
      ->delimiter(',')
      ->transform(CLI::CheckedTransformer(ends))
      ->group("Client");
  app.add_option("--source-port", options.source_port, "the client's port")->group("Client");
  app.add_flag("--mptcp-client", options.mptcp_client, "connect with MPTCP")->group("Client");

  app.add_option("--finish", options.finish, "end of held connections: peer, local, exit, kill (of the workers)")
      ->transform(CLI::CheckedTransformer(finishes))
      ->group("Run");
  app.add_flag("--interactive", options.interactive, "wait for a line between the phases")->group("Run");
  app.add_option("--timeout", options.timeout_seconds, "seconds a phase may take")->group("Run");

  try {
    app.parse(argc, argv);
    if (const std::string why = contradiction(options); !why.empty()) throw CLI::ValidationError(why);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.services = std::max(options.services, static_cast<unsigned>(options.listen.size()));
  return options;
}

}  // namespace workload
