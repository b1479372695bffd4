// SPDX-License-Identifier: BSD-2-Clause
#include "capture/bpf_handles.hpp"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "util/unique_fd.hpp"

namespace acceptscope {

tl::unexpected<Error> libbpf_failure(int error, std::string what, const LibbpfLog& log) {
  const std::string reason = log.reason();
  if (!reason.empty()) what += " (" + reason + ")";
  return system_failure(error, std::move(what));
}

Result<Link> attach_iterator(const bpf_program* program, const bpf_map* map) {
  LibbpfLog log;
  bpf_iter_link_info target{};
  bpf_iter_attach_opts options{};
  options.sz = sizeof options;
  if (map != nullptr) {
    target.map.map_fd = static_cast<__u32>(bpf_map__fd(map));
    options.link_info = &target;
    options.link_info_len = sizeof target;
  }
  Link link(bpf_program__attach_iter(program, &options));
  if (!link) return libbpf_failure(errno, std::string("cannot attach the iterator ") + bpf_program__name(program), log);
  return link;
}

Result<IteratorPass> IteratorPass::begin(const Link& link) {
  IteratorPass pass;
  pass.iterator_.reset(bpf_iter_create(bpf_link__fd(link.get())));
  if (!pass.iterator_) return system_failure(errno, "cannot start a walk in the kernel");
  return pass;
}

Result<bool> IteratorPass::read(const std::function<void(std::span<const char>)>& take) {
  piece_.resize(kPieceBytes);
  const ssize_t length = ::read(iterator_.get(), piece_.data(), piece_.size());
  if (length < 0 && errno != EINTR && errno != EAGAIN)
    return system_failure(errno, "cannot finish a walk in the kernel");
  if (length > 0) take(std::span<const char>(piece_).first(static_cast<std::size_t>(length)));
  return length != 0;
}

Result<void> run_iterator(const Link& link) {
  Result<IteratorPass> pass = IteratorPass::begin(link);
  if (!pass) return tl::unexpected(pass.error());
  for (;;) {
    const Result<bool> more = pass->read([](auto) {});
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
  }
}

Result<void> run_program(const bpf_program* program) {
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  const int error = bpf_prog_test_run_opts(bpf_program__fd(program), &options);
  if (error != 0) return system_failure(error, "cannot run BPF program " + std::string(bpf_program__name(program)));
  return {};
}

}  // namespace acceptscope
