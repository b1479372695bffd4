# SPDX-License-Identifier: BSD-2-Clause
# Compiler options that protect a program that runs as root and reads untrusted input: the flags of dpkg-buildflags with
# hardening=+all, or instead the sanitizers of ACCEPTSCOPE_SANITIZE. They apply to every target that links
# acceptscope_options.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(ACCEPTSCOPE_SANITIZE)
  # Undefined behavior ends the test; by default it only prints a line.
  set(sanitizers -fsanitize=${ACCEPTSCOPE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(ACCEPTSCOPE_SANITIZE MATCHES "undefined")
    # RapidJSON 1.1 adds an offset to its null pointers before it has memory (internal/stack.h).
    list(APPEND sanitizers -fno-sanitize=pointer-overflow)
  endif()
  if(ACCEPTSCOPE_FUZZ)
    target_compile_options(acceptscope_options INTERFACE -fsanitize=fuzzer-no-link)
  endif()
  target_compile_options(acceptscope_options INTERFACE ${sanitizers} -O1 -g1)
  target_compile_definitions(acceptscope_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(acceptscope_options INTERFACE ${sanitizers})
else()
  target_compile_options(acceptscope_options INTERFACE -fstack-protector-strong -Wformat -Wformat-security)
  # The compiler only knows the sizes with optimization.
  target_compile_options(acceptscope_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  foreach(flag -fstack-clash-protection -fcf-protection)  # not on every architecture
    string(MAKE_C_IDENTIFIER "HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      target_compile_options(acceptscope_options INTERFACE ${flag})
    endif()
  endforeach()
  target_link_options(acceptscope_options INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
