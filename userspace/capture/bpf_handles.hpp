// SPDX-License-Identifier: BSD-2-Clause
/// Operations on loaded BPF programs and maps; turns libbpf's errors into Results.
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "capture/libbpf_log.hpp"
#include "util/result.hpp"

namespace acceptscope {

struct LinkDestroy {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, LinkDestroy>;

/// "what: errno text: libbpf's own explanation"
[[nodiscard]] tl::unexpected<Error> libbpf_failure(int error, std::string what, const LibbpfLog& log);

/// An iterator over the entries of `map`; without a map, over what the program's type iterates over.
[[nodiscard]] Result<Link> attach_iterator(const bpf_program* program, const bpf_map* map);

/// Runs an iterator to its end and passes on the program's output, in pieces of arbitrary length.
Result<void> run_iterator(const Link& link, const std::function<void(std::span<const char>)>& take);

/// Calls a program of type "syscall".
Result<void> run_program(const bpf_program* program);

}  // namespace acceptscope
