// SPDX-License-Identifier: BSD-2-Clause
/// The wording of a comparison, shared by the text and the page.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/diff.hpp"

namespace acceptscope {

/// "127.0.0.1:8000 (docker web)", with its address and label before if they differ.
[[nodiscard]] std::string diff_name(const ServiceDiff& service, bool ascii);

/// The summary of the verdict, and whether it is a guess that the two are the same service.
[[nodiscard]] OutsideText fix_sentence(const ServiceDiff& service);

/// "FIXED", "BETTER", "UNCHANGED", "WORSE", "UNDECIDED"
[[nodiscard]] std::string_view fix_word(FixCode code);

/// "web-1, 2024-05-01 14:02:11 UTC, 60.0 s"
[[nodiscard]] std::string side_text(const DiffSide& side, bool ascii);

/// A row of the table of figures: figure, before, after, change, more than chance, test.
[[nodiscard]] std::array<std::string, 6> figure_cells(const FigureChange& change, bool ascii);

/// "Only in AFTER: [::1]:9000, 2 connections", for each service of one dump only.
[[nodiscard]] std::vector<std::string> lone_services(const Diff& diff, bool ascii);

/// "FAIL", "ok", "UNDECIDED"
[[nodiscard]] std::string_view condition_word(const ConditionOutcome& outcome);

/// "0.0.0.0:8000  accept_wait_p95>100us: accept_wait_p95 is 340 µs"
[[nodiscard]] std::string condition_text(const ConditionOutcome& outcome, bool ascii);

/// "+3.1", "-20.0 %"; shares change by percentage points.
[[nodiscard]] std::string change_text(const FigureChange& change);

/// "yes (p < 0.001), better", "no (p = 0.251)"; empty if nothing was tested.
[[nodiscard]] std::string chance_text(const FigureChange& change);

/// The basis of the words of chance_text(), and which dumps of `services` have no requests; one sentence each.
[[nodiscard]] std::vector<std::string> diff_notes(std::span<const ServiceDiff> services);

}  // namespace acceptscope
