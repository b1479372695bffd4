// SPDX-License-Identifier: BSD-2-Clause
#include "model/findings/table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "model/names.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(FindingKinds, HaveACodeEachAndSayWhenWhatToDoAndWhy) {
  std::set<VerdictCode> codes;
  for (const FindingKind& kind : finding_kinds()) {
    EXPECT_TRUE(codes.insert(kind.code).second) << enum_name(kind.code);
    EXPECT_LE(kind.least, kind.most) << enum_name(kind.code);
    for (const std::string& text : {kind.when, kind.what_to_do, kind.why}) {
      EXPECT_THAT(text, EndsWith(".")) << enum_name(kind.code);
      EXPECT_THAT(text, Not(HasSubstr("|"))) << "it is a cell of a Markdown table";
    }
  }
}

TEST(FindingKinds, AreInTheOrderOfHarmAndEndWithTheStateWithoutAny) {
  const auto kinds = finding_kinds();
  EXPECT_TRUE(std::ranges::is_sorted(kinds, {}, &FindingKind::harm));
  EXPECT_EQ(std::ranges::count(kinds, Harm::none, &FindingKind::harm), 1);
  EXPECT_EQ(kinds.back().harm, Harm::none);
}

TEST(FindingKinds, OnlyTheStateWithoutAFindingIsOk) {
  for (const FindingKind& kind : finding_kinds())
    EXPECT_EQ(kind.least == Severity::ok, kind.harm == Harm::none) << enum_name(kind.code);
}

}  // namespace
}  // namespace acceptscope::testing
