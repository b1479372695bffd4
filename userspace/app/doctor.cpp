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

constexpr std::string_view kNotKnown = "not known without root";

/// Of what only root can find out: whoever is not permitted to look does not know that it is missing.
OutsideText yes_or(bool yes, const OutsideText& problem, bool permitted) {
  if (yes) return "yes";
  return permitted ? "no: " + problem : OutsideText(std::string(kNotKnown));
}

void print_facts(const KernelFacts& facts, const Environment& environment, bool permitted) {
  print_row("kernel", facts.release);
  print_row("BTF", facts.btf ? "yes: " + environment.btf : "no: " + facts.btf_problem);
  print_row("ring buffer", yes_or(facts.ring_buffer, "BPF_MAP_TYPE_RINGBUF is missing (Linux 5.8)", permitted));
  print_row("cgroup v2", yes_or(facts.cgroup2, facts.cgroup2_problem, permitted));
  std::string capabilities;
  for (const Capability& capability : read_capabilities())
    capabilities +=
        fmt::format("{}{} {}", capabilities.empty() ? "" : ", ", capability.name, capability.effective ? "yes" : "no");
  print_row("capabilities", capabilities);
}

/// Loads and attaches one backend and prints the outcome.
bool examine(Backend backend, const Environment& environment, bool permitted) {
  TracerOptions options;
  options.backend = backend;
  options.capacity.connections = 1024;  // only tests whether it works
  std::vector<Attempt> attempts;
  const Result<Tracer> tracer = Tracer::attach(options, environment, attempts);
  const Error* problem = nullptr;
  if (!tracer) problem = attempts.empty() || !attempts.back().problem ? &tracer.error() : &*attempts.back().problem;
  print_row(enum_name(backend), yes_or(problem == nullptr, problem == nullptr ? "" : problem->message(), permitted));
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
  const bool permitted = may_use_bpf(read_capabilities());
  print_facts(read_kernel_facts(*environment), *environment, permitted);
  fmt::print("\nBackends, loaded and attached in this order:\n\n");
  std::optional<Backend> chosen;
  for (const Backend backend : enum_values<Backend>)
    if (examine(backend, *environment, permitted) && !chosen) chosen = backend;
  fmt::print("\nAfter attaching: {}.\n", escape_text(confinement_here()));
  if (chosen) {
    fmt::print("\n--backend auto would run {}.\n", enum_name(*chosen));
    return kExitOk;
  }
  fmt::print("\n{}\n", permitted ? "No backend can run here."
                                 : "Whether a backend can run here is not known without root: sudo acceptscope doctor");
  return kExitNotPossible;
}

}  // namespace acceptscope
