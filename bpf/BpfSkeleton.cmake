# SPDX-License-Identifier: BSD-2-Clause
# add_bpf_skeleton(NAME SOURCE [FLAG...]): compiles SOURCE to BPF and defines the interface library NAME, which provides the
# generated header NAME.skel.h. A change in a header that SOURCE includes triggers a rebuild (DEPFILE).
find_program(CLANG NAMES clang REQUIRED)
find_program(LLVM_STRIP NAMES llvm-strip REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64)$")
  set(bpf_arch x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(bpf_arch arm64)
else()
  set(bpf_arch ${CMAKE_SYSTEM_PROCESSOR})
endif()

# The debug information is for the BTF, with the lines that the verifier shows; the rest of it would be a third of the
# object, in the program and at each load. The same bytes from any directory: paths begin at the source tree.
function(add_bpf_skeleton name source)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/include/${name}.skel.h)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/include)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CLANG} -target bpf -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter
            -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -ffile-compilation-dir=.
            -D__TARGET_ARCH_${bpf_arch} ${ARGN} -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -MD -MF ${object}.d -MT ${object} -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    COMMAND ${LLVM_STRIP} --strip-debug ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "BPF ${source}"
    VERBATIM)
  # Written to a temporary file first: an interrupted run leaves no truncated header behind.
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${name} > ${header}.tmp
    COMMAND ${CMAKE_COMMAND} -E rename ${header}.tmp ${header}
    DEPENDS ${object}
    COMMENT "Skeleton ${name}.skel.h")
  add_custom_target(${name}_skeleton DEPENDS ${header})
  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}_skeleton)
  target_include_directories(${name} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/include)
endfunction()
