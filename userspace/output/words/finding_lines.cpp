// SPDX-License-Identifier: BSD-2-Clause
#include "output/words/finding_lines.hpp"

#include <fmt/format.h>

#include "model/findings/table.hpp"
#include "model/names.hpp"
#include "output/words/worker_lines.hpp"
#include "text/escape.hpp"

namespace acceptscope {

std::vector<StyledLine> finding_headline(StyledLine start, const Finding& finding, std::size_t width, bool ascii) {
  StyledLine word = severity_word(finding.severity);
  if (finding.severity == Severity::ok) word.restyle(Style::good);
  start.append(word).add(" ");
  return wrapped(start, fmt::format("{}: {}", enum_name(finding.code), sentence(finding.summary, ascii)), width);
}

std::vector<StyledLine> finding_details(const Finding& finding, std::size_t indent, std::size_t width, bool ascii) {
  std::vector<StyledLine> lines;
  const std::string space(indent, ' ');
  for (const OutsideText& text : finding.evidence)
    append(lines, wrapped(StyledLine(space + "- ", Style::faint), sentence(text, ascii), width));
  if (!finding.advice.empty()) lines.emplace_back(space + "What to do:", Style::strong);
  for (const OutsideText& text : finding.advice)
    append(lines, wrapped(StyledLine(space + "* ", Style::faint), sentence(text, ascii), width));
  return lines;
}

std::vector<const Finding*> further_findings(const ServiceRow& service) {
  std::vector<const Finding*> findings;
  for (std::size_t i = 1; i < service.findings.size(); ++i) findings.push_back(&service.findings[i]);
  return findings;
}

std::vector<StyledLine> finding_kind_lines(std::size_t width, bool ascii) {
  std::vector<StyledLine> lines;
  for (const FindingKind& kind : finding_kinds()) {
    StyledLine head(" ");
    head.add(std::string(enum_name(kind.code)), Style::strong)
        .add(fmt::format(" ({})", severities_text(kind)), Style::faint);
    lines.push_back(std::move(head));
    const auto add = [&](std::string_view label, const std::string& text) {
      StyledLine start("   ");
      start.add_left(std::string(label), 7, Style::faint);
      append(lines, wrapped(start, sentence(text, ascii), width));
    };
    add("when", kind.when);
    add("do", kind.what_to_do);
    add("why", kind.why);
  }
  return lines;
}

}  // namespace acceptscope
