// SPDX-License-Identifier: BSD-2-Clause
#include "conductor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>
#include <thread>

#include "client.hpp"
#include "server.hpp"

namespace workload {
namespace {

using namespace std::chrono_literals;

/// Whether a thread is inside accept4().
bool blocks_in_accept(pid_t pid, pid_t tid) {
  std::ifstream file(fmt::format("/proc/{}/task/{}/syscall", pid, tid));
  std::string number;
  file >> number;
  return number == std::to_string(SYS_accept4);
}

std::int64_t realtime_minus_monotonic_ns() {
  timespec realtime{};
  clock_gettime(CLOCK_REALTIME, &realtime);
  return std::int64_t{realtime.tv_sec} * 1'000'000'000 + realtime.tv_nsec - static_cast<std::int64_t>(now_ns());
}

}  // namespace

Conductor::Conductor(const Options& options)
    : options_(options),
      truth_(options),
      gate_(Broadcast::create()),
      stop_(Broadcast::create()),
      end_held_(Broadcast::create()) {}

void Conductor::prepare() {
  if (!options_.netns.empty()) enter_network_namespace(options_.netns);
  listen();
  if (!options_.late_workers) start_workers();
}

void Conductor::start_traffic() {
  if (options_.late_workers) start_workers();
  start_client();
  wait_until("all connections made", [&] { return truth_.counters().client_opened == options_.total_connections(); });
}

void Conductor::complete_traffic() {
  if (options_.gate && !options_.never_accept) {
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.gate_ms));
    gate_.send();
  }
  const auto& counters = truth_.counters();
  wait_until("the end of the traffic", [&] {
    return counters.client_settled == options_.total_connections() && counters.records == accepted_connections() &&
           counters.closed == accepted_connections() - held_connections();
  });
}

void Conductor::finish() {
  if (options_.finish == Finish::kPeer && !options_.never_accept) {
    end_held_.send();
    // Workers blocked in accept() service the connections that they hold only after they are stopped.
    const bool served = options_.accepting == Accepting::kEpoll;
    wait_until("the close of held connections",
               [&] { return !served || truth_.counters().closed == accepted_connections(); });
  }
  if (options_.finish == Finish::kKill) kill_workers();
  stop_.send();
  if (options_.accepting == Accepting::kBlocking) {
    for (const ListeningSocket& socket : sockets_) shutdown(socket.fd.get(), SHUT_RD);  // wakes threads in accept()
  }
  sockets_.clear();
  reap_workers();
  end_held_.send();
  if (client_ != 0) waitpid(client_, nullptr, 0);
}

nlohmann::json Conductor::document(const std::string& phase) {
  const std::uint64_t netns = network_namespace_inode();
  nlohmann::json services = nlohmann::json::array();
  for (std::uint32_t service = 0; service < options_.services; ++service) {
    services.push_back({{"address", options_.listen[service % options_.listen.size()]},
                        {"port", ports_[service]},
                        {"netns", netns},
                        {"listen_sockets", options_.reuseport ? options_.workers * options_.threads : 1},
                        {"never_accepted", options_.never_accept ? options_.connections : 0}});
  }
  return {{"phase", phase},
          {"conductor_pid", getpid()},
          {"client_pid", client_ == 0 ? nlohmann::json(nullptr) : nlohmann::json(client_)},
          {"client_failures", truth_.counters().client_failures.load()},
          {"realtime_minus_monotonic_ns", realtime_minus_monotonic_ns()},
          {"services", std::move(services)},
          {"workers", truth_.workers_json()}};
}

void Conductor::listen() {
  for (std::uint32_t service = 0; service < options_.services; ++service) {
    std::uint16_t port = service == 0 ? options_.port : std::uint16_t{0};
    const std::uint32_t count = options_.reuseport ? options_.workers * options_.threads : 1;
    for (std::uint32_t thread = 0; thread < count; ++thread) {
      const Endpoint endpoint = Endpoint::of(options_.listen[service % options_.listen.size()], port);
      UniqueFd fd = bind_socket(endpoint, options_.reuseport, options_.mptcp ? kMptcp : 0);
      if (options_.accepting == Accepting::kEpoll) fcntl(fd.get(), F_SETFL, O_NONBLOCK);
      if (::listen(fd.get(), options_.backlog) != 0) fail_with_errno("listen");
      port = Endpoint::local_of(fd.get()).port();
      sockets_.push_back({std::move(fd), service, thread});
    }
    ports_.push_back(port);
  }
}

void Conductor::start_workers() {
  if (!options_.gate && !options_.never_accept) gate_.send();
  const std::uint32_t slots = static_cast<std::uint32_t>(truth_.workers().size());
  std::uint32_t process = 0;
  for (std::uint32_t slot = 0; slot < slots; slot += options_.threads) start_worker(process++, slot);
  wait_until("the workers", [&] { return all_workers_wait(); });
}

/// Worker processes are numbered across all services: service by service, `--workers` each.
void Conductor::start_worker(std::uint32_t process, std::uint32_t slot) {
  const std::uint32_t own_service = process / options_.workers;
  const std::uint32_t first_thread = process % options_.workers * options_.threads;
  WorkerPlan plan{.options = &options_,
                  .truth = &truth_,
                  .first_slot = slot,
                  .listeners = {},
                  .gate = gate_.reader.get(),
                  .stop = stop_.reader.get()};
  const auto is_its_own = [&](const ListeningSocket& socket) {
    const bool its_thread =
        !options_.reuseport || (socket.thread >= first_thread && socket.thread < first_thread + options_.threads);
    return its_thread && (options_.share_services || socket.service == own_service);
  };
  for (const ListeningSocket& socket : sockets_) {
    if (is_its_own(socket)) plan.listeners.push_back({socket.fd.get(), socket.service});
  }
  const pid_t pid = fork();
  if (pid < 0) fail_with_errno("fork");
  if (pid == 0) {
    gate_.writer.reset();
    stop_.writer.reset();
    end_held_.writer.reset();
    for (ListeningSocket& socket : sockets_) {
      if (!is_its_own(socket)) socket.fd.reset();
    }
    run_worker_process(plan);
  }
  workers_.push_back(pid);
}

void Conductor::start_client() {
  client_ = fork();
  if (client_ < 0) fail_with_errno("fork");
  if (client_ != 0) return;
  gate_.writer.reset();
  stop_.writer.reset();
  end_held_.writer.reset();
  sockets_.clear();
  run_client_process(options_, truth_, ports_, end_held_.reader.get());
}

void Conductor::kill_workers() {
  const std::uint64_t killing_ns = now_ns();
  for (const pid_t pid : workers_) kill(pid, SIGKILL);
  for (const pid_t pid : workers_) waitpid(pid, nullptr, 0);
  workers_.clear();
  for (ConnectionRecord& record : truth_.records()) {
    if (record.closed_by != ClosedBy::kNobody) continue;
    record.closing_ns = killing_ns;
    record.closer = truth_.workers()[record.worker].pid;
    record.closed_by = ClosedBy::kWorkerExit;
    record.close_returned_ns = now_ns();
  }
}

void Conductor::reap_workers() {
  bool failed = false;
  for (const pid_t pid : workers_) {
    int status = 0;
    waitpid(pid, &status, 0);
    failed = failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  }
  workers_.clear();
  for (ConnectionRecord& record : truth_.records()) {
    if (record.close_returned_ns == 0) record.close_returned_ns = now_ns();  // closed by the exit of its worker
  }
  if (failed) throw Failure("a worker failed");
}

bool Conductor::all_workers_wait() {
  const bool must_block = options_.accepting == Accepting::kBlocking && !options_.gate && !options_.never_accept;
  return std::ranges::all_of(truth_.workers(), [&](const WorkerRecord& worker) {
    return worker.tid != 0 && (!must_block || blocks_in_accept(worker.pid, worker.tid));
  });
}

void Conductor::wait_until(const std::string& what, const std::function<bool()>& reached) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options_.timeout_seconds);
  while (!reached()) {
    if (truth_.counters().broken) throw Failure("a worker failed before " + what);
    if (std::chrono::steady_clock::now() > deadline) {
      auto& counters = truth_.counters();
      throw Failure(fmt::format("timed out waiting for {} ({} opened, {} settled, {} accepted, {} closed)", what,
                                counters.client_opened.load(), counters.client_settled.load(), counters.records.load(),
                                counters.closed.load()));
    }
    std::this_thread::sleep_for(500us);
  }
}

std::uint32_t Conductor::held_connections() const {
  if (options_.never_accept) return 0;
  std::uint32_t held = 0;
  for (std::uint32_t nth = 0; nth < options_.connections; ++nth) {
    held += options_.ends[nth % options_.ends.size()] == End::kHold ? options_.services : 0;
  }
  return held;
}

std::uint32_t Conductor::accepted_connections() const {
  return options_.never_accept ? 0 : options_.total_connections();
}

}  // namespace workload
