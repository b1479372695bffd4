// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

namespace acceptscope {

/// Collects what libbpf would print (warnings and the verifier's log) while it lives. libbpf has one print function
/// per process, so these must be nested, not used from two threads.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  /// The line that tells most about a failure, without libbpf's prefix; empty if it said nothing.
  [[nodiscard]] std::string reason() const;
  [[nodiscard]] const std::string& text() const { return text_; }
  void clear() { text_.clear(); }

 private:
  friend struct LibbpfPrint;
  std::string text_;
  LibbpfLog* outer_;
};

}  // namespace acceptscope
