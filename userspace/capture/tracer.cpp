// SPDX-License-Identifier: BSD-2-Clause
#include "capture/tracer.hpp"

#include <fmt/core.h>
#include <malloc.h>

#include <string>
#include <utility>

#include "bpf/wire.h"
#include "capture/kernel_facts.hpp"
#include "capture/loading.hpp"
#include "capture/reading.hpp"

namespace acceptscope {

struct Tracer::Parts {
  LoadedPrograms loaded;
  std::unique_ptr<Reader> reader;

  static Result<std::unique_ptr<Parts>> make(const TracerOptions& options, const Environment& environment,
                                             const AttachPlan& plan, LargeMaps& large);
};

Result<std::unique_ptr<Tracer::Parts>> Tracer::Parts::make(const TracerOptions& options, const Environment& environment,
                                                           const AttachPlan& plan, LargeMaps& large) {
  Result<LoadedPrograms> loaded = load_and_attach(options, environment, plan, large);
  if (!loaded) return tl::unexpected(loaded.error());
  auto parts = std::make_unique<Parts>();
  parts->loaded = *std::move(loaded);
  Result<std::unique_ptr<Reader>> reader = Reader::open(parts->loaded, options.cgroups, ProcFs(environment.proc));
  if (!reader) return tl::unexpected(reader.error());
  parts->reader = *std::move(reader);
  return parts;
}

Tracer::Tracer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() = default;

Result<Tracer> Tracer::attach(const TracerOptions& options, const Environment& environment,
                              std::vector<Attempt>& attempts) {
  if (!may_use_bpf(read_capabilities()))
    return failure("not permitted to use BPF: neither CAP_SYS_ADMIN (root) nor CAP_BPF with CAP_PERFMON",
                   "run it with sudo");
  if (options.cgroups.size() > MAX_CGROUPS)
    return failure(fmt::format("more than {} cgroups to select", MAX_CGROUPS), "name a common parent");
  const KernelFacts facts = read_kernel_facts(environment);
  if (!facts.btf)
    return failure("this kernel gives no type information (BTF): " + facts.btf_problem,
                   "a kernel with CONFIG_DEBUG_INFO_BTF=y is needed, as in Debian 11 or later");
  if (!facts.ring_buffer)
    return failure("this kernel has no BPF ring buffer", "Linux 5.8 or later is needed, as in Debian 11 or later");
  LargeMaps large;
  for (const Backend backend : enum_values<Backend>) {
    if (options.backend && *options.backend != backend) continue;
    const AttachPlan plan =
        make_attach_plan(backend, facts, {.follow_pids = !options.pids.empty(), .requests = options.requests});
    Attempt& attempt = attempts.emplace_back(Attempt{backend, plan, std::nullopt});
    Result<std::unique_ptr<Parts>> parts = Parts::make(options, environment, plan, large);
    if (parts) return Tracer(*std::move(parts));
    attempt.problem = parts.error();
    malloc_trim(0);  // some thirty MiB: libbpf has read the kernel's type information, and will again
    const std::string missing = missing_capabilities(backend, facts.privileges);
    if (attempt.problem->hint.empty() && !missing.empty()) attempt.problem->hint = "it needs " + missing;
  }
  OutsideText what = options.backend ? "backend cannot run here" : "no backend can run here";
  for (const Attempt& attempt : attempts)
    what += "; " + std::string(enum_name(attempt.backend)) + ": " + attempt.problem->message();
  return failure(what, "'acceptscope doctor' shows what is missing");
}

Result<MonotonicTime> Tracer::begin(const StopRequest& stop) { return parts_->reader->begin(stop); }

MonotonicTime Tracer::end() {
  const MonotonicTime now = parts_->reader->end();
  parts_->loaded.links.clear();
  return now;
}

int Tracer::ring_fd() const { return parts_->reader->ring_fd(); }

Result<std::size_t> Tracer::drain(const std::function<void(const ClosedConnection&)>& sink) {
  return parts_->reader->drain(sink);
}

Result<Tick> Tracer::read(MonotonicTime now) { return parts_->reader->read(now); }

}  // namespace acceptscope
