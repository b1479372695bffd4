// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>

#include "model/snapshot.hpp"
#include "util/outside_text.hpp"

namespace acceptscope {

/// The shortest piece of a command line that tells what runs, because 32 times "python3" says nothing: "server.py" of
/// "python3 /srv/server.py --port 80", "uvicorn app:app", "http.server" of "python3 -m http.server", "x.jar", and the
/// title that a program has given itself: "nginx: worker process". The command name `comm` where the command line adds
/// nothing or is unknown.
/// \param cmdline arguments joined by spaces, so that an argument with spaces looks like several
/// \param thread `comm` is that of a thread: it tells more unless it is still the interpreter's
[[nodiscard]] OutsideText telling_command(const OutsideText& comm, const std::optional<OutsideText>& cmdline,
                                          bool thread = false);

/// The same for a worker of the service. The command line of a process that Python's multiprocessing has spawned says
/// only that: what its supervisor runs tells instead, if the service lists one.
[[nodiscard]] OutsideText telling_command(const ServiceRow& service, const WorkerRow& worker);

}  // namespace acceptscope
