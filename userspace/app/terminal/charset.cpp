// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal/charset.hpp"

#include <langinfo.h>
#include <strings.h>

#include <clocale>
#include <cstdlib>
#include <string>
#include <string_view>

namespace acceptscope {

bool environment_names_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale = value;  // language_TERRITORY.charset@modifier
    const std::size_t dot = locale.find('.');
    if (dot == std::string_view::npos) return false;
    const std::string charset(locale.substr(dot + 1, locale.find('@') - dot - 1));
    return strcasecmp(charset.c_str(), "UTF-8") == 0 || strcasecmp(charset.c_str(), "UTF8") == 0;
  }
  return false;
}

#ifndef ACCEPTSCOPE_STATIC  // see charset_static.cpp
void use_charset_of_environment() {
  if (std::setlocale(LC_CTYPE, "") == nullptr && environment_names_utf8()) std::setlocale(LC_CTYPE, "C.UTF-8");
}
#endif

bool charset_is_utf8() { return std::string_view(nl_langinfo(CODESET)) == "UTF-8"; }

}  // namespace acceptscope
