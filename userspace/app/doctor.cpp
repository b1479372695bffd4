// SPDX-License-Identifier: BSD-2-Clause
#include "app/doctor.hpp"

#include <fmt/core.h>

#include <optional>
#include <string>

#include "app/app.hpp"
#include "app/confinement.hpp"
#include "app/environment.hpp"
#include "capture/kernel_facts.hpp"
#include "capture/tracer.hpp"
#include "text/escape.hpp"
#include "util/version.hpp"

namespace acceptscope {
namespace {

void print_row(std::string_view name, const OutsideText& text) { fmt::print("{:<13} {}\n", name, escape_text(text)); }

OutsideText yes_or(bool yes, const OutsideText& problem) { return yes ? "yes" : "no: " + problem; }

void print_facts(const KernelFacts& facts, const Environment& environment) {
  print_row("kernel", facts.release);
  print_row("BTF", facts.btf ? "yes: " + environment.btf : "no: " + facts.btf_problem);
  print_row("ring buffer", yes_or(facts.ring_buffer, "BPF_MAP_TYPE_RINGBUF is missing (Linux 5.8)"));
  print_row("cgroup v2", yes_or(facts.cgroup2, facts.cgroup2_problem));
  std::string capabilities;
  for (const Capability& capability : read_capabilities())
    capabilities +=
        fmt::format("{}{} {}", capabilities.empty() ? "" : ", ", capability.name, capability.effective ? "yes" : "no");
  print_row("capabilities", capabilities);
}

/// Loads and attaches one backend and prints the outcome.
bool examine(Backend backend, const Environment& environment) {
  TracerOptions options;
  options.backend = backend;
  options.capacity.connections = 1024;  // only tests whether it works
  std::vector<Attempt> attempts;
  const Result<Tracer> tracer = Tracer::attach(options, environment, attempts);
  const Error* problem = nullptr;
  if (!tracer) problem = attempts.empty() || !attempts.back().problem ? &tracer.error() : &*attempts.back().problem;
  print_row(enum_name(backend), problem == nullptr ? "yes" : "no: " + problem->message());
  if (problem != nullptr) return false;
  for (const PlannedProgram& program : attempts.back().plan.programs) print_row("", fmt::format("- {}", program.hook));
  for (const std::string& note : attempts.back().plan.notes) print_row("", "note: " + note);
  return true;
}

}  // namespace

int run_doctor(const cli::Options& options) {
  const Result<Environment> environment = environment_of(options);
  if (!environment) {
    return complain(environment.error());
  }
  fmt::print("acceptscope {} doctor\n\n", version());
  print_facts(read_kernel_facts(*environment), *environment);
  fmt::print("\nBackends, loaded and attached in this order:\n\n");
  std::optional<Backend> chosen;
  for (const Backend backend : enum_values<Backend>)
    if (examine(backend, *environment) && !chosen) chosen = backend;
  fmt::print("\nAfter attaching: {}.\n", escape_text(confinement_here()));
  if (chosen) {
    fmt::print("\n--backend auto would run {}.\n", enum_name(*chosen));
    return kExitOk;
  }
  fmt::print("\nNo backend can run here.{}\n",
             may_use_bpf(read_capabilities()) ? "" : " Run it as root: sudo acceptscope doctor");
  return kExitNotPossible;
}

}  // namespace acceptscope
