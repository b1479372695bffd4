// SPDX-License-Identifier: BSD-2-Clause
/// Compares two dumps: the changes, and whether they are more than chance. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/figures.hpp"
#include "model/pairing.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// The meaning of a change for the service; `same` also if the change is within chance.
enum class ChangeKind : std::uint8_t { same, better, worse, changed, unknown };

/// A figure before and after. Values are in the figure's unit: seconds, shares 0..1, workers, connections.
struct FigureChange {
  std::string figure;  ///< name in figure_table()
  FigureUnit unit = FigureUnit::count;
  std::optional<double> before, after;  ///< empty if unknown
  std::optional<double> change;         ///< after - before, if both are known
  std::optional<double> p_value;        ///< two-sided; empty if nothing could be tested
  std::optional<std::string> test;      ///< name of the test behind p_value
  ChangeKind kind = ChangeKind::unknown;
  bool operator==(const FigureChange&) const = default;
};

/// The change of the spread over the workers.
enum class FixCode : std::uint8_t { fixed, better, unchanged, worse, too_few_connections };

struct FixVerdict {
  FixCode code = FixCode::too_few_connections;
  OutsideText summary;  ///< one sentence with the numbers
  bool operator==(const FixVerdict&) const = default;
};

/// A service that is in both dumps.
struct ServiceDiff {
  Endpoint endpoint;         ///< of AFTER
  Endpoint endpoint_before;  ///< differs only if the single services of both dumps were paired, or by --pair
  std::optional<OutsideText> label{},
      label_before{};  ///< container, or name of the network namespace; in AFTER, BEFORE
  PairedBy paired_by = PairedBy::address;
  std::uint32_t before_index = 0;  ///< in services of BEFORE
  std::uint32_t after_index = 0;   ///< in services of AFTER
  FixVerdict verdict;
  std::vector<FigureChange> figures;  ///< the figures of figure_table() with `in_diff`, in its order
  bool operator==(const ServiceDiff&) const = default;
};

/// A service that only one dump has.
struct LoneService {
  Endpoint endpoint;
  std::uint64_t connections = 0;       ///< accepts + pre-existing
  std::optional<OutsideText> label{};  ///< as of ServiceDiff
  bool ambiguous = false;              ///< the other dump has services that may be it: which one cannot be told
  bool operator==(const LoneService&) const = default;
};

/// Identifies one of the two dumps.
struct DiffSide {
  OutsideText hostname;
  Instant started_at;
  Nanoseconds duration{0};
  bool operator==(const DiffSide&) const = default;
};

/// The outcome of a condition of --fail-if on one service.
struct ConditionOutcome {
  OutsideText condition;      ///< as typed
  Endpoint endpoint;          ///< of AFTER
  std::optional<bool> holds;  ///< empty if one of its figures is unknown
  std::string figures;        ///< "workers_idle 6, 0.5*workers 4"
  bool operator==(const ConditionOutcome&) const = default;
};

struct Diff {
  std::uint32_t schema_version = 1;
  ToolInfo tool;
  DiffSide before, after;
  std::vector<ServiceDiff> services;  ///< in the order of AFTER
  std::vector<LoneService> only_before, only_after;
  std::vector<ConditionOutcome> conditions;  ///< result of check() for each service of AFTER
  bool operator==(const Diff&) const = default;
};

/// A change is called more than chance when its p-value is below this; a comparison makes about 16 tests.
inline constexpr double kSignificance = 0.01;

/// A significant change still does not matter if it is below this part of the value before: one bucket of the
/// histograms.
inline constexpr double kMaterialChange = 0.125;

/// Services are paired by address and port, and where several have the same ones by what else is the same
/// (model/pairing.hpp). Where each dump has just one service, those two are compared.
[[nodiscard]] Diff compare(const Snapshot& before, const Snapshot& after);
/// The same with pairs that the user named; fails if these name no service, or several.
[[nodiscard]] Result<Diff> compare(const Snapshot& before, const Snapshot& after, std::span<const AskedPair> asked);

}  // namespace acceptscope
