# SPDX-License-Identifier: BSD-2-Clause
# add_terminal_entries(FILE NAME...): generates FILE, rows {"NAME", "compiled description in hex"} of the terminals that
# the program knows without a database. They are this machine's own descriptions (Debian: ncurses-base).
function(add_terminal_entries file)
  set(rows "")
  foreach(name IN LISTS ARGN)
    string(SUBSTRING ${name} 0 1 folder)
    find_file(entry ${name} PATHS /usr/share/terminfo /lib/terminfo /usr/lib/terminfo PATH_SUFFIXES ${folder}
      NO_DEFAULT_PATH NO_CACHE REQUIRED)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${entry})
    file(READ ${entry} hex HEX)
    string(TOUPPER ${hex} hex)
    string(APPEND rows "{\"${name}\", \"${hex}\"},\n")
    unset(entry)
  endforeach()
  file(CONFIGURE OUTPUT ${file} CONTENT "${rows}" @ONLY)
endfunction()
