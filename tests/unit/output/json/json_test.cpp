// SPDX-License-Identifier: BSD-2-Clause
#include "output/json/json.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "unit/output/golden.hpp"
#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

std::string dump(const Snapshot& snapshot) {
  std::ostringstream out;
  write_dump(out, snapshot);
  return out.str();
}

Result<Snapshot> read(const std::string& text) {
  std::istringstream in(text);
  std::vector<ConnectionRow> connections;
  Result<Snapshot> snapshot =
      read_dump(in, "'x.json'", [&](ConnectionRow&& row) { connections.push_back(std::move(row)); });
  if (snapshot) snapshot->connections = std::move(connections);
  return snapshot;
}

std::string error_of(const std::string& text) {
  const Result<Snapshot> snapshot = read(text);
  return snapshot ? "no error" : snapshot.error().message().raw();
}

/// The complete sample's dump, changed at `pointer`.
std::string changed(const std::string& pointer, const json& value) {
  json document = json::parse(dump(sample::complete()));
  document[json::json_pointer(pointer)] = value;
  return document.dump();
}

TEST(Dump, WholeText) { expect_golden("dump.json", dump(sample::complete())); }

TEST(Dump, OfNothing) {
  const Snapshot nothing;
  const Result<Snapshot> again = read(dump(nothing));

  ASSERT_TRUE(again) << again.error().message().raw();
  EXPECT_EQ(*again, nothing);
}

TEST(Dump, ReadBackIsTheSameSnapshot) {
  const Result<Snapshot> again = read(dump(sample::complete()));

  ASSERT_TRUE(again) << again.error().message().raw();
  EXPECT_EQ(*again, sample::without_live(sample::complete()));
  EXPECT_EQ(dump(*again), dump(sample::complete()));
}

TEST(Dump, NoNanosecondIsLost) {
  Snapshot s = sample::complete();
  for (const Nanoseconds lifetime : {1ns, 999'999'999ns, 1'000'000'001ns, Nanoseconds{90 * 24h} + 1ns}) {
    s.connections[1].lifetime = lifetime;
    const Result<Snapshot> again = read(dump(s));
    ASSERT_TRUE(again) << again.error().message().raw();
    EXPECT_EQ(again->connections[1].lifetime, lifetime);
  }
  s.connections[1].lifetime = 1'234ns;
  EXPECT_THAT(dump(s), HasSubstr(R"("lifetime_seconds":0.000001234,)"));
}

TEST(Dump, InstantsKnowLeapDaysAndTheTimeBefore1970) {
  const auto started_at = [](std::int64_t unix_ns) {
    Snapshot s;
    s.run.started_at = {unix_ns};
    EXPECT_EQ(read(dump(s)).value().run.started_at, s.run.started_at);
    return json::parse(dump(s))["run"]["started_at"].get<std::string>();
  };

  EXPECT_EQ(started_at(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(started_at(1'709'251'199'999'999'999), "2024-02-29T23:59:59.999999999Z");
  EXPECT_EQ(started_at(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(Dump, HostileTextIsEscapedAndStaysAscii) {
  Snapshot s = sample::complete();
  s.connections[0].comm = "a\"\\\x1b\n\xff\u202e\x7f\U0001f600\xe6\x97";
  const std::string text = dump(s);

  EXPECT_THAT(text, HasSubstr(R"("comm":"a\"\\\u001b\n\ufffd\u202e\u007f\ud83d\ude00\ufffd",)"));
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  EXPECT_EQ(read(text).value().connections[0].comm, "a\"\\\x1b\n\ufffd\u202e\x7f\U0001f600\ufffd");
}

TEST(Dump, NumbersThatAreNoneAreNull) {
  Snapshot s;
  s.overhead.bpf_ns_per_close = std::numeric_limits<double>::quiet_NaN();

  EXPECT_THAT(dump(s), HasSubstr(R"("bpf_ns_per_close":null)"));
}

TEST(Dump, ComesInPiecesAndStopsAtTheFirstError) {
  Snapshot s = sample::complete();
  s.connections.resize(5'000, sample::closed_connection(3));
  std::string whole;
  std::size_t largest = 0;
  const TextSink collect = [&](std::string_view piece) -> Result<void> {
    largest = std::max(largest, piece.size());
    whole += piece;
    return {};
  };
  ASSERT_TRUE(write_dump(collect, s));
  EXPECT_EQ(whole, dump(s));
  EXPECT_LT(largest, 80'000U);

  int calls = 0;
  const Result<void> failed = write_dump(
      [&](std::string_view) -> Result<void> {
        ++calls;
        return system_failure(ENOSPC, "cannot write");
      },
      s);
  EXPECT_EQ(failed.error().message().raw(), "cannot write: No space left on device");
  EXPECT_EQ(calls, 1);
}

TEST(Dump, AStreamThatFailsIsLeftFailed) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  write_dump(out, sample::complete());

  EXPECT_TRUE(out.fail());
}

TEST(LogLine, OfAClosedConnection) {
  std::string text = "before\n";
  write_connection_line(text, {{sample::endpoint("0.0.0.0", 8000), 7}, sample::closed_connection(1)});

  EXPECT_EQ(
      text,
      "before\n"
      R"({"id":1,"service":{"address":"0.0.0.0","port":8000,"netns":7},"pid":4121,"tid":4122,"comm":"uvicorn",)"
      R"("local":{"address":"127.0.0.1","port":8000},"peer":{"address":"127.0.0.1","port":51234},)"
      R"("accepted_at":"2024-05-01T14:02:12.000000042Z","accept_wait_seconds":0.0000123,)"
      R"("closed_at":"2024-05-01T14:02:12.000001276Z","lifetime_seconds":0.000001234,"age_seconds_min":null,)"
      R"("bytes_received":321,"bytes_sent":54321,"bytes_unacknowledged":21,"close_reason":"peer","closed_by_pid":4121,"preexisting":false,"held_by_pid":null,)"
      R"("requests":null,"served_by_pid":null,"served_by_workers":null})"
      "\n");
}

TEST(LogLine, OfAnOpenConnection) {
  std::string text;
  write_connection_line(text, {{sample::endpoint("::", 9000), 7}, sample::open_connection(2)});
  const json line = json::parse(text);

  EXPECT_THAT(text, EndsWith("}\n"));
  EXPECT_EQ(line["closed_at"], nullptr);
  EXPECT_EQ(line["lifetime_seconds"], nullptr);
  EXPECT_EQ(line["age_seconds_min"], 41);
  EXPECT_EQ(line["close_reason"], nullptr);
}

TEST(LogLine, OfOneFromBefore) {
  std::string text;
  write_connection_line(text, {{sample::endpoint("::", 9000), 7}, sample::preexisting_connection(2)});
  const json line = json::parse(text);

  EXPECT_EQ(line["accepted_at"], nullptr);
  EXPECT_EQ(line["preexisting"], true);
  EXPECT_EQ(line["held_by_pid"], 4199);
}

TEST(ReadDump, SaysWhatAFileIsInstead) {
  EXPECT_EQ(error_of(""), "'x.json' is empty (was its writing interrupted?)");
  EXPECT_EQ(error_of("hello"), "'x.json' is not JSON, as byte 1 shows (give a file of --output)");
  EXPECT_EQ(error_of("[1, 2]"), "'x.json' is JSON, but not a dump of acceptscope (give a file of --output)");
  EXPECT_EQ(error_of(R"({"tool": {"name": "ss"}, "schema_version": 1})"),
            "'x.json' is JSON, but not a dump of acceptscope (give a file of --output)");
  EXPECT_EQ(error_of("{}\n{}\n"),
            "'x.json' is not a dump: more follows its first value (give a file of --output, not of --log)");
}

TEST(ReadDump, TruncatedAnywhereIsSaidInOneLine) {
  const std::string whole = dump(sample::complete());
  for (std::size_t size = 1; size + 2 < whole.size(); size += 7) {
    const std::string message = error_of(whole.substr(0, size));
    EXPECT_THAT(message, StartsWith("'x.json' ")) << size;
    EXPECT_EQ(message.find('\n'), std::string::npos) << size;
  }
  EXPECT_EQ(error_of(whole.substr(0, whole.size() / 2)), "'x.json' ends too early (was its writing interrupted?)");
}

TEST(ReadDump, RefusesVersionsItDoesNotKnow) {
  EXPECT_EQ(error_of(changed("/schema_version", 2)),
            "'x.json' has schema_version 2, this program reads 1 (use the version of acceptscope that wrote it)");
}

TEST(ReadDump, PassesOverFieldsItDoesNotKnow) {
  const Result<Snapshot> snapshot = read(changed("/totals/added_later", json::array({1, 2})));

  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->totals, sample::complete().totals);
}

TEST(ReadDump, NamesTheDamagedField) {
  const auto damage = [](const std::string& pointer, const json& value) {
    const std::string message = error_of(changed(pointer, value));
    const std::string_view before = "'x.json' is damaged: ";
    const std::string_view after = " (was it edited, or written by an older version?)";
    EXPECT_THAT(message, StartsWith(std::string(before)));
    EXPECT_THAT(message, EndsWith(std::string(after)));
    return message.substr(before.size(), message.size() - before.size() - after.size());
  };

  EXPECT_EQ(damage("/totals", 1), "totals is not an object");
  EXPECT_EQ(damage("/totals/accepts", -1), "totals.accepts is not a count");
  EXPECT_EQ(damage("/totals/accepts", nullptr), "totals.accepts is not a count");
  EXPECT_EQ(damage("/services/0/port", 70'000), "services[0].port is not a count");
  EXPECT_EQ(damage("/services/1/address", "nowhere"), "services[1].address is not an IP address");
  EXPECT_EQ(damage("/services/0/workers/2/exited", 1), "services[0].workers[2].exited is not true or false");
  EXPECT_EQ(damage("/services/0/workers/2/start_time", "2024-05-01T14:02:11Z"),
            "services[0].workers[2].start_time is not an instant such as 2024-05-01T14:02:11.000000000Z");
  EXPECT_EQ(damage("/run/started_at", "2024-02-30T14:02:11.000000000Z"), "run.started_at is not a date");
  EXPECT_EQ(damage("/run/started_at", "9999-01-01T00:00:00.000000000Z"), "run.started_at is not a date");
  EXPECT_EQ(damage("/run/duration_seconds", 1e300), "run.duration_seconds is not a duration in seconds");
  EXPECT_EQ(damage("/run/end_reason", "boredom"), "run.end_reason is not one of the values that this version knows");
  EXPECT_EQ(damage("/run/command/exit_status", 1.5), "run.command.exit_status is not an integer");
  EXPECT_EQ(damage("/run/filters/ports", "8000"), "run.filters.ports is not a list");
  EXPECT_EQ(damage("/connections/1/peer/port", "x"), "connections[1].peer.port is not a count");
  EXPECT_EQ(damage("/connections", json::array({1})), "connections[0] is not an object");
}

TEST(ReadDump, AMissingFieldIsAnErrorUnlessItMayBeUnknown) {
  json document = json::parse(dump(sample::complete()));
  document["run"].erase("command");
  document["connections"][1].erase("lifetime_seconds");
  const Result<Snapshot> snapshot = read(document.dump());
  ASSERT_TRUE(snapshot) << snapshot.error().message().raw();
  EXPECT_EQ(snapshot->run.command, std::nullopt);
  EXPECT_EQ(snapshot->connections[1].lifetime, std::nullopt);

  document["losses"].erase("ring_full");
  EXPECT_THAT(error_of(document.dump()), HasSubstr("losses.ring_full is missing"));
}

TEST(ReadDump, OfAnyLayout) {
  const json document = json::parse(dump(sample::complete()));
  const Snapshot expected = sample::without_live(sample::complete());
  for (const int indent : {-1, 0, 4}) EXPECT_EQ(read(document.dump(indent, ' ', true)).value(), expected) << indent;
  EXPECT_EQ(read("\n\t " + document.dump() + " \r\n\n").value(), expected);
}

TEST(ReadDump, NumbersAsOtherProgramsWriteThem) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = changed("/totals/accepts", 3'000);
    text.replace(text.find(from), from.size(), to);
    return read(text);
  };
  EXPECT_EQ(with(R"("accepts":3000)", R"("accepts":3e3)").value().totals.counts.accepts, 3'000U);
  EXPECT_EQ(with(R"("accepts":3000)", R"("accepts":3000.0)").value().totals.counts.accepts, 3'000U);
  EXPECT_EQ(with(R"("duration_seconds":60)", R"("duration_seconds":6.0000000015e1)").value().run.duration,
            60'000'000'015ns);
  EXPECT_THAT(with(R"("accepts":3000)", R"("accepts":3.5)").error().message().raw(),
              HasSubstr("totals.accepts is not a count"));
  EXPECT_THAT(with(R"("accepts":3000)", R"("accepts":1e999)").error().message().raw(), HasSubstr(" is too large"));
  EXPECT_THAT(with(R"("accepts":3000)", R"("accepts":)" + std::string(100, '9')).error().message().raw(),
              HasSubstr("totals.accepts is not a count"));
}

TEST(ReadDump, ConnectionsThatNobodyTakesArePassedOver) {
  std::istringstream in(dump(sample::complete()));
  const Result<Snapshot> snapshot = read_dump(in, "'x.json'");

  ASSERT_TRUE(snapshot) << snapshot.error().message().raw();
  Snapshot expected = sample::without_live(sample::complete());
  expected.connections.clear();
  EXPECT_EQ(*snapshot, expected);
}

TEST(ReadDump, HostileFilesAreOneLine) {
  const std::string nested = "'x.json' is no dump: it is nested too deeply (give a file of --output)";
  EXPECT_EQ(error_of(std::string(1'000'000, '[')), nested);
  std::string objects = R"({"later":)";
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_EQ(error_of(objects), nested);

  const std::string too_long =
      "'x.json' is no dump: it has a string or number of more than 8 MiB (give a file of --output)";
  const std::string nines(9U << 20, '9');
  EXPECT_EQ(error_of(R"({"later":")" + nines + R"("})"), too_long);
  EXPECT_EQ(error_of(R"({"later":0.)" + nines + "}"), too_long);
  EXPECT_THAT(error_of(R"({"later":)" + nines + "}"), HasSubstr(" is too large"));
  EXPECT_EQ(error_of(R"({")" + nines + R"(":1})"), too_long);

  EXPECT_THAT(error_of("{\"tool\":\"\xff\"}"), StartsWith("'x.json' is not JSON, as byte "));
  EXPECT_THAT(error_of(R"({"tool":"\ud800"})"), StartsWith("'x.json' is not JSON, as byte "));
  EXPECT_EQ(error_of(dump(sample::complete()) + std::string("\0x", 2)),
            "'x.json' is not a dump: more follows its first value (give a file of --output, not of --log)");
}

TEST(ReadDump, AFieldThatIsThereTwiceIsDamage) {
  std::string text = dump(sample::complete());
  text.replace(text.find("\"totals\""), 8, R"("host": {"hostname":"a","kernel":"b","cpus":1}, "totals")");
  EXPECT_THAT(error_of(text), HasSubstr("is damaged: host is there twice"));
}

TEST(ReadDump, AForeignFileIsCalledThatWhateverElseIsWrongWithIt) {
  EXPECT_THAT(error_of(R"({"connections": "yes", "totals": 3})"), HasSubstr("is JSON, but not a dump of acceptscope"));
  EXPECT_THAT(error_of(R"({"connections": {}, "tool": {"name": "acceptscope"}, "schema_version": 7})"),
              HasSubstr("has schema_version 7, this program reads 1"));
  EXPECT_THAT(error_of(R"({"tool": {"name": "acceptscope"}, "schema_version": 1})"), HasSubstr(" is missing"));
}

/// Removes the fields that the first dumps did not have from every object.
template <class T>
void make_old(json& document) {
  if (document.is_array()) {
    for (json& element : document) make_old<T>(element);
  } else if (document.is_object()) {
    for_each_field<T>([&document](const auto& f) {
      if (f.since == Since::later) document.erase(std::string(f.name));
    });
  }
}

TEST(ReadDump, ADumpWrittenBeforeAFieldExistedIsRead) {
  json document = json::parse(dump(sample::complete()));
  make_old<Totals>(document["totals"]);
  make_old<ServiceRow>(document["services"]);
  for (json& service : document["services"]) {
    make_old<WorkerRow>(service["workers"]);
    make_old<AcceptQueue>(service["accept_queue"]);
  }
  make_old<ConnectionRow>(document["connections"]);
  EXPECT_FALSE(document["services"][0].contains("verdict"));
  const Result<Snapshot> old = read(document.dump());

  ASSERT_TRUE(old) << old.error().message().raw();
  EXPECT_EQ(old->totals.counts.accepts, sample::complete().totals.counts.accepts);
  EXPECT_EQ(old->totals.counts.preexisting, 0U);
  EXPECT_EQ(old->services[0].workers[0].role, Role::worker);
  EXPECT_EQ(old->services[0].verdict, Finding{});
  EXPECT_FALSE(old->connections[0].preexisting);
}

TEST(ReadDump, AFileOfVersion010IsRead) {
  std::ifstream file(TEST_DATA_DIR "/output/dump_0.1.0.json");
  const Result<Snapshot> old = read_dump(file, "it");
  ASSERT_TRUE(old) << old.error().message().raw();
  EXPECT_EQ(old->tool.version.raw(), "0.1.0");
  EXPECT_EQ(old->services.at(0).counts.accepts, 1'204U);
}

TEST(ReadDump, AFieldAddedLaterIsCheckedWhereItIs) {
  EXPECT_THAT(error_of(changed("/services/0/workers/0/role", "boss")), HasSubstr("services[0].workers[0].role is not"));
  EXPECT_THAT(error_of(changed("/services/0/verdict/advice", 1)),
              HasSubstr("services[0].verdict.advice is not a list"));
}

/// A list of numbers is one line of any length.
TEST(Dump, TimelinesHaveALinePerWorker) {
  EXPECT_THAT(dump(sample::uneven()),
              HasSubstr("\n          {\"pid\":4121,\"tid\":null,\"accepts\":[600,1],\"open\":[19,20],\"active\":[2,3],"
                        "\"bytes\":[601000,60100],\"requests\":[9000,876],\"in_flight\":[4,3],"
                        "\"busy_seconds\":[29,28.5],\"cpu_seconds\":[]},\n"));
}

}  // namespace
}  // namespace acceptscope
