// SPDX-License-Identifier: BSD-2-Clause
/// Compares a dump with what the processes of tests/workload/mix wrote down. The truth has ranges where it is not a
/// single value: both sides close at the same moment, or a process is killed before it can write down what it did.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "session.hpp"

namespace acceptscope::test {

/// What may be reported: from `low` to `high`.
struct Range {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  Range& operator+=(const Range& other);
  [[nodiscard]] bool contains(std::uint64_t value) const { return low <= value && value <= high; }
};

/// (network namespace, address, port)
using MixService = std::tuple<std::uint64_t, std::string, int>;

/// Totals of a service, of a worker.
struct MixSums {
  Range accepts{};
  Range closes{};
  Range open{};
  Range never_accepted{};
  Range bytes_received{};
  Range bytes_sent{};
  std::map<std::string, Range> reasons{};
};

/// The differences between a dump and the truth, as sentences.
class MixCheck {
 public:
  MixCheck(const json& truth, const Traced& traced, bool by_thread);

  [[nodiscard]] const std::vector<std::string>& differences() const { return differences_; }
  /// Times that the kernel skipped a program: so many connections may be wrong, and every count by as many.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  using WorkerKey = std::tuple<MixService, int, int>;

  void check_scenes();
  void sum_up();
  void check_losses();
  void check_services();
  void check_service(const json& service, const std::string& name, const MixSums& sums);
  void check_workers();
  void check_connections(const char* where, const json& records);

  [[nodiscard]] MixService service_of(const json& connection) const;
  [[nodiscard]] bool is_ours(const json& service) const;
  void compare(const std::string& name, const char* field, const json& actual, Range expected, bool is_count = true);
  void add(const std::string& difference) { differences_.push_back(difference); }

  const json& truth_;
  const Traced& traced_;
  bool by_thread_;
  std::uint64_t skipped_;
  std::map<MixService, MixSums> services_;
  std::map<MixService, std::uint64_t> doubtful_;
  std::map<WorkerKey, MixSums> workers_;
  std::vector<std::string> differences_;
};

/// The differences between a record of a connection and the truth about it.
[[nodiscard]] std::vector<std::string> differences_of_connection(const json& truth, const MixService& service,
                                                                 const json& record);

}  // namespace acceptscope::test
