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

Result<void> run_iterator(const Link& link, const std::function<void(std::span<const char>)>& take) {
  const UniqueFd iterator(bpf_iter_create(bpf_link__fd(link.get())));
  if (!iterator) return system_failure(errno, "cannot start a walk in the kernel");
  std::vector<char> piece(65536);
  for (;;) {
    const ssize_t length = ::read(iterator.get(), piece.data(), piece.size());
    if (length == 0) return {};
    if (length < 0 && errno != EINTR && errno != EAGAIN)
      return system_failure(errno, "cannot finish a walk in the kernel");
    if (length > 0) take(std::span<const char>(piece).first(static_cast<std::size_t>(length)));
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
