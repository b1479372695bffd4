// SPDX-License-Identifier: BSD-2-Clause
// The ledger as JSON: for each connection what must be reported, as ranges where it is not a single value.
#include "ends.hpp"
#include "ledger.hpp"

namespace workload::mix {
namespace {

using nlohmann::json;

json address_of(const Endpoint& endpoint) {
  if (endpoint.length == 0) return nullptr;
  return {{"address", endpoint.address()}, {"port", endpoint.port()}};
}

json reasons_of(const Link& link) {
  json reasons = json::array();
  const std::uint8_t bits = link.reasons;
  if (bits & kLocal) reasons.push_back("local");
  if (bits & kPeer) reasons.push_back("peer");
  if (bits & kReset) reasons.push_back("reset");
  if (bits & kWorkerExit) reasons.push_back("worker_exit");
  return reasons;
}

const char* fate_of(const Link& link) {
  if (link.pid != 0) return "accepted";
  switch (link.fate.load()) {
    case Fate::kAccepted: return "unknown";  // nobody accepted it, and its scene does not say why
    case Fate::kNeverAccepted: return "never_accepted";
    case Fate::kDoubtful: return "doubtful";
    case Fate::kRefused: return "refused";
  }
  return "unknown";
}

/// Read to its end, the stream had exactly these bytes; else the kernel may have received more than was read.
json received(const Link& link) {
  const std::uint64_t read = link.read;
  const std::uint64_t sent = link.client_sent;
  if (link.all_delivered) return {sent, sent};
  return {read, link.saw_end ? read : sent + link.client_sending};
}

json to_json(const Ledger& ledger, Link& link, const std::string& scene) {
  json closed = nullptr;
  if (link.closed_ns != 0) closed = {link.closing_ns.load(), link.closed_ns.load()};
  return {{"link", ledger.index_of(link)},
          {"scene", scene},
          {"end", ends().at(link.script.end).name},
          {"service", link.service},
          {"fate", fate_of(link)},
          {"client", address_of(link.client)},
          {"local", address_of(link.local)},
          {"pid", link.pid.load()},
          {"tid", link.tid},
          {"connect", {link.connect_started_ns, link.connected_ns}},
          {"accept", {link.accept_entered_ns, link.accepted_ns}},
          {"closed", closed},
          {"closer", link.closer},
          {"reasons", reasons_of(link)},
          {"received", received(link)},
          {"sent", {link.written.load(), link.written + link.writing}}};
}

}  // namespace

json Ledger::document() {
  json parts = json::array();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kParts && pages_->parts.at(i).name[0] != 0; ++i) {
    const Part& part = pages_->parts.at(i);
    names.push_back(std::string(part.name.data()) + " (scene " + std::to_string(i) + ")");
    parts.push_back({{"name", names.back()}, {"failure", part.failure.data()}});
  }
  json services = json::array();
  for (std::uint32_t i = 0; i < pages_->service_count; ++i) {
    const Service& one = service(i);
    services.push_back({{"scene", names.at(one.scene)},
                        {"netns", one.netns},
                        {"address", one.address.address()},
                        {"port", one.address.port()}});
  }
  json connections = json::array();
  for (Link& link : links()) connections.push_back(to_json(*this, link, names.at(link.scene)));
  return {{"parts", parts}, {"services", services}, {"connections", connections}};
}

}  // namespace workload::mix
