// SPDX-License-Identifier: BSD-2-Clause
#include "model/names.hpp"

#include <gmock/gmock.h>

#include <set>

#include "model/backend.hpp"

namespace acceptscope {
namespace {

template <class T>
class Names : public testing::Test {};

using Enums = testing::Types<Backend, WorkerUnit, EndReason, CloseReason, Role, VerdictCode, Severity, FigureUnit,
                             ChangeKind, FixCode>;
TYPED_TEST_SUITE(Names, Enums);

TYPED_TEST(Names, LeadBackToTheirValues) {
  std::set<std::string_view> names;
  for (const TypeParam value : enum_values<TypeParam>) {
    names.insert(enum_name(value));
    EXPECT_EQ(enum_named<TypeParam>(enum_name(value)), value);
  }
  EXPECT_EQ(names.size(), enum_values<TypeParam>.size());
  EXPECT_EQ(enum_named<TypeParam>("xdp"), std::nullopt);
  EXPECT_EQ(enum_named<TypeParam>(""), std::nullopt);
}

TEST(EnumValues, AreAllInTheirOrder) {
  EXPECT_THAT(enum_values<Severity>,
              testing::ElementsAre(Severity::ok, Severity::info, Severity::warning, Severity::critical));
}

}  // namespace
}  // namespace acceptscope
