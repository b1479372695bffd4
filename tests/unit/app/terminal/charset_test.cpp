// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/charset.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace acceptscope {
namespace {

class Charset : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) unsetenv(variable);
  }
};

TEST_F(Charset, IsThatOfTheFirstVariableThatIsSet) {
  EXPECT_FALSE(environment_names_utf8());
  setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_TRUE(environment_names_utf8());
  setenv("LC_CTYPE", "C", 1);
  EXPECT_FALSE(environment_names_utf8());
  setenv("LC_ALL", "", 1);  // as if it were not set
  EXPECT_FALSE(environment_names_utf8());
  setenv("LC_ALL", "C.utf8", 1);
  EXPECT_TRUE(environment_names_utf8());
}

TEST_F(Charset, IsReadFromTheNameOfTheLocale) {
  for (const char* name : {"en_US.UTF-8", "en_US.utf-8", "C.utf8", "ca_ES.UTF-8@valencia"}) {
    setenv("LANG", name, 1);
    EXPECT_TRUE(environment_names_utf8()) << name;
  }
  for (const char* name :
       {"C", "POSIX", "UTF-8", "de_DE@euro", "de_DE.ISO-8859-15@euro", "C.UTF-88", "x.UTF-8.y", "."}) {
    setenv("LANG", name, 1);
    EXPECT_FALSE(environment_names_utf8()) << name;
  }
}

}  // namespace
}  // namespace acceptscope
