// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <span>

#include "model/roll_call.hpp"
#include "model/snapshot.hpp"

namespace acceptscope {

/// What the role of a row is decided on.
struct Candidate {
  WorkerRow* row = nullptr;        ///< its role is set; `exited` is, if it left the service without a connection
  const Member* member = nullptr;  ///< of its process; null: no look found it with the listening socket
  std::uint32_t parent_pid = 0;    ///< 0: not known
  bool took_part = false;          ///< had a connection, or served a request
  bool receives = false;           ///< holds a connection that another process accepted in the run
  bool looked_at = false;          ///< it lived already when the last look began
};

/// Sets the roles of all rows of a service.
///
/// A worker had a connection, or was once seen to wait for one; or it holds the socket, was busy at each look, and a
/// sibling (same parent, same program) was seen to wait in a way that ends while it is busy. An acceptor waits, has
/// none itself, and its children have those from before. Draining: it lives, the socket is not among its descriptors
/// any more, and connections are. A supervisor is the parent of workers or of another supervisor. Who else holds the
/// socket is a holder: a child that inherited it, say. Where the kernel does not tell who waits, and while one look
/// found nobody, each holder that is no parent counts as a worker. \param looks number of looks so far
void assign_roles(std::span<Candidate> candidates, std::uint32_t looks);

}  // namespace acceptscope
