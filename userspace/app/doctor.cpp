// SPDX-License-Identifier: BSD-2-Clause
#include "app/doctor.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <thread>

#include "app/app.hpp"
#include "app/confinement.hpp"
#include "app/environment.hpp"
#include "app/texts.hpp"
#include "capture/kernel_facts.hpp"
#include "capture/libbpf_log.hpp"
#include "capture/tracer.hpp"
#include "model/diagnosis.hpp"
#include "output/json/json.hpp"
#include "text/escape.hpp"
#include "util/version.hpp"

namespace acceptscope {
namespace {

/// Of what only root can find out: whoever is not permitted to look does not know that it is missing.
DiagnosedFact fact(bool present, OutsideText detail, bool permitted = true) {
  if (present || permitted) return {present, std::move(detail)};
  return {std::nullopt, {}};
}

/// Loads and attaches one backend.
DiagnosedBackend examine(Backend backend, const Environment& environment, const KernelFacts& facts, bool permitted) {
  TracerOptions options;
  options.backend = backend;
  std::vector<Attempt> attempts;
  const Result<Tracer> tracer = Tracer::attach(options, environment, attempts);
  const Error* problem = nullptr;
  if (!tracer) problem = attempts.empty() || !attempts.back().problem ? &tracer.error() : &*attempts.back().problem;
  DiagnosedBackend result;
  result.name = std::string(enum_name(backend));
  for (const std::string_view name : needed_capabilities(backend, facts.privileges)) result.needs.emplace_back(name);
  result.works = fact(problem == nullptr, problem == nullptr ? OutsideText() : problem->message(), permitted);
  if (problem != nullptr) return result;
  for (const PlannedProgram& program : attempts.back().plan.programs) result.programs.push_back(program.hook);
  for (const std::string& note : attempts.back().plan.notes) result.notes.push_back(note);
  return result;
}

Diagnosis diagnose(const Environment& environment, bool permitted) {
  const KernelFacts facts = read_kernel_facts(environment);
  Diagnosis found;
  found.tool.version = std::string(version());
  found.build = {std::string(commit()), std::string(architecture()), std::string(compiler()), libbpf_in_use()};
  found.kernel = facts.release;
  found.cpus = std::thread::hardware_concurrency();
  found.btf = fact(facts.btf, facts.btf ? OutsideText(environment.btf) : facts.btf_problem);
  found.ring_buffer = fact(
      facts.ring_buffer, facts.ring_buffer ? OutsideText() : "BPF_MAP_TYPE_RINGBUF is missing (Linux 5.8)", permitted);
  found.cgroup2 = fact(facts.cgroup2, facts.cgroup2 ? OutsideText() : facts.cgroup2_problem, permitted);
  const std::string shortcoming = shortcoming_of(facts.proc_view);
  found.processes = fact(shortcoming.empty(), shortcoming);
  for (const Capability& capability : read_capabilities())
    found.capabilities.push_back({capability.name, capability.effective});
  for (const Backend backend : enum_values<Backend>) {
    found.backends.push_back(examine(backend, environment, facts, permitted));
    if (found.backends.back().works.present.value_or(false) && !found.chosen) found.chosen = found.backends.back().name;
  }
  found.after_attaching = confinement_here();
  return found;
}

std::string row(std::string_view name, const OutsideText& text) {
  return fmt::format("{:<13} {}\n", name, escape_text(text));
}

OutsideText said(const DiagnosedFact& fact) {
  if (!fact.present) return "not known without root";
  const OutsideText answer = *fact.present ? "yes" : "no";
  return fact.detail.empty() ? answer : answer + ": " + fact.detail;
}

std::string text_of(const Diagnosis& found, bool permitted) {
  std::string text = fmt::format("acceptscope {} doctor\n\n", version());
  text += row("built", fmt::format("{}, {}, libbpf ", build_text(), compiler()) + found.build.libbpf);
  text += row("kernel", found.kernel) + row("BTF", said(found.btf)) + row("ring buffer", said(found.ring_buffer)) +
          row("cgroup v2", said(found.cgroup2)) + row("processes", said(found.processes));
  OutsideText capabilities;
  for (const DiagnosedCapability& capability : found.capabilities)
    capabilities =
        capabilities + (capabilities.empty() ? "" : ", ") + capability.name + (capability.effective ? " yes" : " no");
  text += row("capabilities", capabilities);
  text += "\nBackends, loaded and attached in this order:\n\n";
  for (const DiagnosedBackend& backend : found.backends) {
    text += row(escape_text(backend.name), said(backend.works));
    text += row("", "needs " + joined(backend.needs, ", "));
    for (const OutsideText& hook : backend.programs) text += row("", "- " + hook);
    for (const OutsideText& note : backend.notes) text += row("", "note: " + note);
  }
  text += fmt::format("\nAfter attaching: {}.\n", escape_text(found.after_attaching));
  if (found.chosen) return text + fmt::format("\n--backend auto would run {}.\n", escape_text(*found.chosen));
  return text + (permitted ? "\nNo backend can run here.\n"
                           : "\nWhether a backend can run here is not known without root: sudo acceptscope doctor\n");
}

}  // namespace

int run_doctor(const cli::Options& options) {
  const Result<Environment> environment = environment_of(options);
  if (!environment) return complain(environment.error());
  const bool permitted = may_use_bpf(read_capabilities());
  const Diagnosis found = diagnose(*environment, permitted);
  const Result<void> printed =
      print_text(options.json ? doctor_json(found) : text_of(found, permitted), "what doctor found");
  if (!printed) return complain(printed.error());
  return found.chosen ? kExitOk : kExitNotPossible;
}

}  // namespace acceptscope
