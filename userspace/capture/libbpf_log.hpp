// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

namespace acceptscope {

/// Collects the text that libbpf would print (warnings and the verifier's log) during its lifetime. libbpf has one
/// print function per process, so such objects may be nested, but not used from two threads.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  /// The line that best explains a failure, without libbpf's prefix; empty if there is none.
  [[nodiscard]] std::string reason() const;
  [[nodiscard]] const std::string& text() const { return text_; }
  void clear() { text_.clear(); }

 private:
  friend struct LibbpfPrint;
  std::string text_;
  LibbpfLog* outer_;
};

/// The version of the libbpf that runs: "v1.1".
[[nodiscard]] std::string libbpf_in_use();

}  // namespace acceptscope
