// SPDX-License-Identifier: BSD-2-Clause
/// Operations on loaded BPF programs and maps; turns libbpf's errors into Results.
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/libbpf_log.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace acceptscope {

struct LinkDestroy {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, LinkDestroy>;

/// "what: errno text: libbpf's own explanation"
[[nodiscard]] tl::unexpected<Error> libbpf_failure(int error, std::string what, const LibbpfLog& log);

/// An iterator over the entries of `map`; without a map, over what the program's type iterates over.
[[nodiscard]] Result<Link> attach_iterator(const bpf_program* program, const bpf_map* map);

/// One pass of an iterator over everything, read piece by piece.
class IteratorPass {
 public:
  [[nodiscard]] static Result<IteratorPass> begin(const Link& link);
  /// Runs the program until a piece of its output is full, the program ends the read, or a million objects were
  /// visited; passes the output on, in pieces of arbitrary length. False at the end of the pass.
  [[nodiscard]] Result<bool> read(const std::function<void(std::span<const char>)>& take);

 private:
  static constexpr std::size_t kPieceBytes = 65536;
  UniqueFd iterator_;
  std::vector<char> piece_;
};

/// Runs an iterator to its end.
Result<void> run_iterator(const Link& link);

/// Calls a program of type "syscall".
Result<void> run_program(const bpf_program* program);

}  // namespace acceptscope
