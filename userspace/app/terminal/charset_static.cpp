// SPDX-License-Identifier: BSD-2-Clause
/// UTF-8 without a locale, for the program that carries its C library with it. That library has only the locale "C"
/// built in; others it would read from files of the machine, which belong to another version of it, or are missing. So
/// the linker (--wrap) sends ncurses' calls for single characters here. They know UTF-8 if the environment names it,
/// and ask the C library otherwise.
///
/// The functions have no state between calls: ncurses passes all bytes of a character at once.
#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "app/terminal/charset.hpp"
#include "text/escape.hpp"
#include "text/utf8.hpp"

namespace acceptscope {
namespace {

/// Whether a C library's function has to know UTF-8 here.
bool is_utf8() {
  static const bool named = environment_names_utf8();
  return named;
}

constexpr auto kInvalid = static_cast<std::size_t>(-1), kIncomplete = static_cast<std::size_t>(-2);

/// mbrtowc(3) without its state.
std::size_t decode(wchar_t* result, const char* bytes, std::size_t size) {
  if (bytes == nullptr) return 0;
  if (size == 0) return kIncomplete;
  const std::string_view text(bytes, std::min<std::size_t>(size, MB_LEN_MAX));
  const Utf8Character first = first_character(text);
  if (!first.valid) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (first.bytes == text.size() && lead >= 0xc2 && lead <= 0xf4) return kIncomplete;
    errno = EILSEQ;
    return kInvalid;
  }
  if (result != nullptr) *result = static_cast<wchar_t>(first.code);
  return first.code == 0 ? 0 : first.bytes;
}

/// The same as mbtowc(3) tells it: incomplete is invalid.
int decode_whole(wchar_t* result, const char* bytes, std::size_t size) {
  const std::size_t length = decode(result, bytes, size);
  return length == kIncomplete ? -1 : static_cast<int>(length);
}

std::string encode(char32_t code) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  const auto more = [&](unsigned int shift) { return byte(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | (code >> 6)), more(0)};
  if (code < 0x10000) return {byte(0xe0 | (code >> 12)), more(6), more(0)};
  return {byte(0xf0 | (code >> 18)), more(12), more(6), more(0)};
}

bool is_scalar(char32_t code) { return code < 0xd800 || (code > 0xdfff && code <= 0x10ffff); }

}  // namespace

void use_charset_of_environment() {}

}  // namespace acceptscope

// What --wrap=NAME needs: __wrap_NAME is called for NAME, and __real_NAME is the C library's own.
extern "C" {

char* __real_nl_langinfo(nl_item item);
char* __wrap_nl_langinfo(nl_item item) {
  static char utf8[] = "UTF-8";
  return item == CODESET && acceptscope::is_utf8() ? utf8 : __real_nl_langinfo(item);
}

std::size_t __real_mbrtowc(wchar_t* result, const char* bytes, std::size_t size, mbstate_t* state);
std::size_t __wrap_mbrtowc(wchar_t* result, const char* bytes, std::size_t size, mbstate_t* state) {
  if (!acceptscope::is_utf8()) return __real_mbrtowc(result, bytes, size, state);
  return acceptscope::decode(result, bytes, size);
}

int __real_mbtowc(wchar_t* result, const char* bytes, std::size_t size);
int __wrap_mbtowc(wchar_t* result, const char* bytes, std::size_t size) {
  return acceptscope::is_utf8() ? acceptscope::decode_whole(result, bytes, size) : __real_mbtowc(result, bytes, size);
}

int __real_mblen(const char* bytes, std::size_t size);
int __wrap_mblen(const char* bytes, std::size_t size) {
  return acceptscope::is_utf8() ? acceptscope::decode_whole(nullptr, bytes, size) : __real_mblen(bytes, size);
}

std::size_t __real_wcrtomb(char* bytes, wchar_t code, mbstate_t* state);
std::size_t __wrap_wcrtomb(char* bytes, wchar_t code, mbstate_t* state) {
  if (!acceptscope::is_utf8()) return __real_wcrtomb(bytes, code, state);
  if (bytes == nullptr) return 1;
  if (!acceptscope::is_scalar(static_cast<char32_t>(code))) {
    errno = EILSEQ;
    return acceptscope::kInvalid;
  }
  const std::string text = acceptscope::encode(static_cast<char32_t>(code));
  return text.copy(bytes, text.size());
}

wint_t __real_btowc(int byte);
wint_t __wrap_btowc(int byte) {
  return acceptscope::is_utf8() && byte >= 0x80 ? WEOF : __real_btowc(byte);  // part of a character
}

int __real_wctob(wint_t code);
int __wrap_wctob(wint_t code) { return acceptscope::is_utf8() && code >= 0x80 ? EOF : __real_wctob(code); }

/// Beyond ASCII, whatever ncurses gets has passed escape_text(): it is visible, and has this width.
int __real_wcwidth(wchar_t code);
int __wrap_wcwidth(wchar_t code) {
  if (!acceptscope::is_utf8() || code < 0x80) return __real_wcwidth(code);
  if (code < 0xa0 || !acceptscope::is_scalar(static_cast<char32_t>(code))) return -1;
  return static_cast<int>(acceptscope::display_width(acceptscope::encode(static_cast<char32_t>(code))));
}

int __real_iswprint(wint_t code);
int __wrap_iswprint(wint_t code) {
  if (!acceptscope::is_utf8() || code < 0x80) return __real_iswprint(code);
  return code >= 0xa0 && acceptscope::is_scalar(code) ? 1 : 0;
}

}  // extern "C"
