// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "util/version.hpp"

namespace acceptscope::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

using Words = std::vector<std::string>;

std::variant<Options, ExitNow> parse_words(const Words& words) {
  std::vector<const char*> argv{"acceptscope"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse(static_cast<int>(argv.size()), argv.data());
}

/// The options of a command line that must be valid.
Options options_of(const Words& words) {
  auto parsed = parse_words(words);
  const ExitNow* exit_now = std::get_if<ExitNow>(&parsed);
  if (exit_now == nullptr) return std::get<Options>(std::move(parsed));
  ADD_FAILURE() << exit_now->text;
  return {};
}

TEST(Parse, NothingGivenMeansTheDefaultsOfTheContract) {
  const Options options = options_of({});

  EXPECT_EQ(options.command, Command::trace);
  EXPECT_TRUE(options.ports.empty());
  EXPECT_THAT(options.addresses, IsEmpty());
  EXPECT_THAT(options.pids, IsEmpty());
  EXPECT_THAT(options.comms, IsEmpty());
  EXPECT_THAT(options.cgroups, IsEmpty());
  EXPECT_EQ(options.by, WorkerUnit::process);
  EXPECT_EQ(options.duration, std::nullopt);
  EXPECT_EQ(options.interval, seconds{1});
  EXPECT_EQ(options.window, seconds{1});
  EXPECT_THAT(options.outputs, IsEmpty());
  EXPECT_EQ(options.dump_connections, 100'000u);
  EXPECT_EQ(options.capacity.connections, 262'144u);
  EXPECT_EQ(options.worker_limit, std::nullopt);
  EXPECT_FALSE(options.redact_peers);
  EXPECT_EQ(options.view, ViewChoice::automatic);
  EXPECT_EQ(options.color, ColorChoice::automatic);
  EXPECT_EQ(options.backend, std::nullopt);
  EXPECT_EQ(options.capacity.ring_bytes, 8u << 20);
  EXPECT_EQ(options.capacity.workers, 4096u);
  EXPECT_EQ(options.capacity.services, 1024u);
  EXPECT_THAT(options.simulate_missing, IsEmpty());
  EXPECT_THAT(options.argv, IsEmpty());
}

TEST(Parse, EveryOptionOfATrace) {
  const Options options = options_of({"-p",
                                      "8000",
                                      "-a",
                                      "::1",
                                      "--pid",
                                      "7",
                                      "--comm",
                                      "uvi*",
                                      "--cgroup",
                                      "/sys/fs/cgroup/x",
                                      "-d",
                                      "2m",
                                      "-i",
                                      "500ms",
                                      "-w",
                                      "10",
                                      "-o",
                                      "hot.json",
                                      "--log",
                                      "hot.jsonl",
                                      "--html",
                                      "hot.html",
                                      "--dump-connections",
                                      "0",
                                      "--max-connections",
                                      "5",
                                      "--by",
                                      "thread",
                                      "--backend",
                                      "kprobe",
                                      "--view",
                                      "plain",
                                      "--color",
                                      "never",
                                      "--worker-limit",
                                      "32",
                                      "--redact-peers"});

  EXPECT_EQ(options.ports.to_string(), "8000");
  EXPECT_THAT(options.addresses, ElementsAre(*IpAddress::parse("::1")));
  EXPECT_THAT(options.pids, ElementsAre(7u));
  EXPECT_THAT(options.comms, ElementsAre("uvi*"));
  EXPECT_THAT(options.cgroups, ElementsAre("/sys/fs/cgroup/x"));
  EXPECT_EQ(options.duration, minutes{2});
  EXPECT_EQ(options.interval, milliseconds{500});
  EXPECT_EQ(options.window, seconds{10});
  EXPECT_THAT(options.outputs, UnorderedElementsAre(Pair("--output", "hot.json"), Pair("--log", "hot.jsonl"),
                                                    Pair("--html", "hot.html")));
  EXPECT_EQ(options.dump_connections, 0u);
  EXPECT_EQ(options.capacity.connections, 5u);
  EXPECT_EQ(options.by, WorkerUnit::thread);
  EXPECT_EQ(options.backend, Backend::kprobe);
  EXPECT_EQ(options.view, ViewChoice::plain);
  EXPECT_EQ(options.color, ColorChoice::never);
  EXPECT_EQ(options.worker_limit, 32u);
  EXPECT_TRUE(options.redact_peers);
}

TEST(Parse, TheLastBackendCounts) {
  EXPECT_EQ(options_of({"--backend", "kprobe", "--backend", "auto"}).backend, std::nullopt);
}

TEST(Parse, HiddenOptions) {
  const Options options = options_of({"--ring-bytes", "4096", "--max-workers", "3", "--max-services", "2",
                                      "--simulate-missing", "btf,cgroup2", "--simulate-missing", "kprobes"});

  EXPECT_EQ(options.capacity.ring_bytes, 4096u);
  EXPECT_EQ(options.capacity.workers, 3u);
  EXPECT_EQ(options.capacity.services, 2u);
  EXPECT_THAT(options.simulate_missing, ElementsAre("btf", "cgroup2", "kprobes"));
}

TEST(Parse, ListsAddUpAndTheLastOfTheOthersCounts) {
  const Options options = options_of({"-p80,443",  "--port=8000-8010",
                                      "--pid=1,2", "--pid",
                                      "3",         "-a",
                                      "10.0.0.1",  "-a",
                                      "::",        "--comm",
                                      "a",         "--comm",
                                      "b",         "--cgroup",
                                      "x",         "--cgroup",
                                      "y",         "-d",
                                      "1",         "-d",
                                      "2",         "-o",
                                      "a",         "-o",
                                      "b"});

  EXPECT_EQ(options.ports.to_string(), "80,443,8000-8010");
  EXPECT_THAT(options.pids, ElementsAre(1u, 2u, 3u));
  EXPECT_THAT(options.addresses, ElementsAre(*IpAddress::parse("10.0.0.1"), *IpAddress::parse("::")));
  EXPECT_THAT(options.comms, ElementsAre("a", "b"));
  EXPECT_THAT(options.cgroups, ElementsAre("x", "y"));
  EXPECT_EQ(options.duration, seconds{2});
  EXPECT_THAT(options.outputs, ElementsAre(Pair("--output", "b")));
}

TEST(Parse, ValuesAreTakenAsTheyAre) {
  EXPECT_THAT(options_of({"--comm", "[ab]*"}).comms, ElementsAre("[ab]*"));
  EXPECT_THAT(options_of({"--comm", "{}"}).comms, ElementsAre("{}"));
  EXPECT_THAT(options_of({"--comm", "--x"}).comms, ElementsAre("--x"));
  EXPECT_EQ(options_of({"-o", "demo"}).outputs.at("--output"), "demo");
  EXPECT_EQ(options_of({"-o", "-"}).outputs.at("--output"), "-");
}

TEST(Parse, TheCommandAfterTwoDashesIsVerbatim) {
  EXPECT_THAT(options_of({"-p", "80", "--", "ab", "--help", "-d", "", "--", "x y"}).argv,
              ElementsAre("ab", "--help", "-d", "", "--", "x y"));
}

TEST(Parse, TwoOutputsMayBothGoToTheNullDevice) {
  EXPECT_EQ(options_of({"-o", "/dev/null", "--log", "/dev/null"}).outputs.size(), 2u);
}

TEST(Parse, Demo) {
  EXPECT_EQ(options_of({"demo"}).command, Command::demo);
  EXPECT_EQ(options_of({"demo"}).demo, DemoKind::both);
  EXPECT_EQ(options_of({"demo", "--both"}).demo, DemoKind::both);
  EXPECT_EQ(options_of({"demo", "--spread"}).demo, DemoKind::spread);
  const Options pinned = options_of({"-d", "3", "demo", "--pinned", "-o", "x"});
  EXPECT_EQ(pinned.demo, DemoKind::pinned);
  EXPECT_EQ(pinned.duration, seconds{3});
  EXPECT_EQ(pinned.outputs.at("--output"), "x");
}

TEST(Parse, Doctor) {
  const Options options = options_of({"doctor", "--backend", "fentry"});

  EXPECT_EQ(options.command, Command::doctor);
  EXPECT_EQ(options.backend, Backend::fentry);
}

TEST(Parse, HelpAndVersionGoToStandardOutput) {
  for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"demo", "--help"}, Words{"--help", "--bogus"}}) {
    const auto parsed = parse_words(words);
    const auto& exit_now = std::get<ExitNow>(parsed);
    EXPECT_EQ(exit_now.status, 0);
    EXPECT_EQ(exit_now.text, help_text());
    EXPECT_FALSE(exit_now.to_stderr);
  }
  const auto parsed = parse_words({"--version"});
  EXPECT_EQ(std::get<ExitNow>(parsed).text, "acceptscope " + std::string(version()) + " (" + build_text() + ")\n");
  EXPECT_EQ(std::get<ExitNow>(parsed).status, 0);
}

TEST(Parse, AReportHasAFile) {
  const Options options = options_of({"report", "--color", "never", "hot.json", "--html", "hot.html"});

  EXPECT_EQ(options.command, Command::report);
  EXPECT_THAT(options.files, ElementsAre("hot.json"));
  EXPECT_EQ(options.outputs.at("--html"), "hot.html");
  EXPECT_EQ(options.color, ColorChoice::never);
  EXPECT_THAT(options_of({"report", "-"}).files, ElementsAre("-"));
  EXPECT_THAT(options_of({"report", "demo"}).files, ElementsAre("demo"));
}

TEST(Parse, ADiffHasTwoFilesAndConditions) {
  const Options options =
      options_of({"diff", "a.json", "-", "--json", "--fail-if", "workers_idle>0", "--fail-if=workers<8"});

  EXPECT_EQ(options.command, Command::diff);
  EXPECT_THAT(options.files, ElementsAre("a.json", "-"));
  EXPECT_TRUE(options.json);
  ASSERT_EQ(options.fail_if.size(), 2U);
  EXPECT_EQ(options.fail_if[1].text, "workers<8");
}

struct BadCase {
  Words words;
  std::string line;  ///< after "acceptscope: "
};

std::ostream& operator<<(std::ostream& out, const BadCase& bad) {
  for (const std::string& word : bad.words) out << word << ' ';
  return out;
}

class UsageError : public testing::TestWithParam<BadCase> {};

TEST_P(UsageError, IsOneClearLineAndStatus2) {
  const auto parsed = parse_words(GetParam().words);

  const ExitNow* exit_now = std::get_if<ExitNow>(&parsed);
  ASSERT_NE(exit_now, nullptr) << "accepted";
  EXPECT_EQ(exit_now->text, "acceptscope: " + GetParam().line + "\n");
  EXPECT_EQ(exit_now->status, 2);
  EXPECT_TRUE(exit_now->to_stderr);
}

const std::string kPorts = " (ports are 1 to 65535, such as 8000, 80,443 or 8000-8010)";
const std::string kTimes = " (such as 60, 60s, 2m, 1h, 500ms or 1.5)";

INSTANTIATE_TEST_SUITE_P(
    Values, UsageError,
    testing::Values(
        BadCase{{"--port", "0"}, "--port '0': port 0 is out of range" + kPorts},
        BadCase{{"--port", "70000"}, "--port '70000': port 70000 is out of range" + kPorts},
        BadCase{{"--port", "8000-"}, "--port '8000-': port range '8000-' lacks an end" + kPorts},
        BadCase{{"--port", "a"}, "--port 'a': not a port number" + kPorts},
        BadCase{{"-p", ""}, "--port '': a port list has an empty item" + kPorts},
        BadCase{{"-p", "80", "-p", "x"}, "--port 'x': not a port number" + kPorts},
        BadCase{{"-p", "9-8"}, "--port '9-8': port range '9-8' runs backwards (write it as 8-9)"},
        BadCase{{"--duration", "-1"}, "--duration '-1': duration '-1' is negative" + kTimes},
        BadCase{{"-d", "0"}, "--duration '0': duration '0' is not positive" + kTimes},
        BadCase{{"-d", "soon"}, "--duration 'soon': not a duration" + kTimes},
        BadCase{{"-i", "0"}, "--interval '0': duration '0' is not positive" + kTimes},
        BadCase{{"-i", "1ms"}, "--interval '1ms': too short (at least 10ms)"},
        BadCase{{"-w", "0.001"}, "--window '0.001': too short (at least 10ms)"},
        BadCase{{"-a", "host"}, "--address 'host': not an IPv4 or IPv6 address (such as 127.0.0.1, 0.0.0.0 or ::1)"},
        BadCase{{"--pid", "0"}, "--pid '0': out of range (from 1 to 4194304)"},
        BadCase{{"--pid", "1,x"}, "--pid '1,x': not a whole number (from 1 to 4194304)"},
        BadCase{{"--pid", "99999999999"}, "--pid '99999999999': out of range (from 1 to 4194304)"},
        BadCase{{"--comm", ""}, "--comm '': empty (a name such as uvicorn, or a pattern such as 'php-fpm*')"},
        BadCase{{"--comm", "my-gunicorn-worker"},
                "--comm 'my-gunicorn-worker': no process has such a long name: the kernel keeps 15 bytes of it "
                "(such as 'my-gunicorn-wor')"},
        BadCase{{"--cgroup", ""}, "--cgroup '': empty (a path such as /sys/fs/cgroup/system.slice/nginx.service)"},
        BadCase{{"-o", ""}, "--output '': empty (name a file, or - for standard output)"},
        BadCase{{"--dump-connections", "-1"}, "--dump-connections '-1': not a whole number (from 0 to 1000000000)"},
        BadCase{{"--max-connections", "0"}, "--max-connections '0': out of range (from 1 to 16777216)"},
        BadCase{{"--by", "cpu"}, "--by 'cpu': no such choice (one of process, thread)"},
        BadCase{{"--backend", "bpf"}, "--backend 'bpf': no such choice (one of auto, fentry, kprobe, tracepoint)"},
        BadCase{{"--color", "red"}, "--color 'red': no such choice (one of auto, always, never)"},
        BadCase{{"--ring-bytes", "5000"}, "--ring-bytes '5000': not a power of two (such as 4096, 65536 or 8388608)"},
        BadCase{{"--ring-bytes", "2048"}, "--ring-bytes '2048': out of range (from 4096 to 1073741824)"},
        BadCase{{"--simulate-missing", "btf,"},
                "--simulate-missing 'btf,': a list of features has an empty item (such as btf or btf,cgroup2)"},
        BadCase{{"--color", "r\x1b[31m\n"}, "--color 'r\\x1b[31m\\n': no such choice (one of auto, always, never)"}));

INSTANTIATE_TEST_SUITE_P(
    Words, UsageError,
    testing::Values(
        BadCase{{"--prot", "80"}, "unknown option '--prot' (did you mean --port?)"},
        BadCase{{"--ouput=x"}, "unknown option '--ouput' (did you mean --output?)"},
        BadCase{{"--dur", "1"}, "unknown option '--dur' (did you mean --duration?)"},
        BadCase{{"--wholly-else"}, "unknown option '--wholly-else' (see acceptscope --help)"},
        BadCase{{"-x"}, "unknown option '-x' (see acceptscope --help)"},
        BadCase{{"--ring-byte", "1"}, "unknown option '--ring-byte' (see acceptscope --help)"},
        BadCase{{"dem"}, "unexpected argument 'dem' (did you mean demo?)"},
        BadCase{{"curl"}, "unexpected argument 'curl' (a command to run comes after --, as in: acceptscope -- curl)"},
        BadCase{{"report"}, "report needs FILE (as in: acceptscope report FILE [--html OUT])"},
        BadCase{{"report", ""}, "FILE is empty (name a file)"},
        BadCase{{"reprot", "x.json"}, "unexpected argument 'reprot' (did you mean report?)"},
        BadCase{{"report", "x.json", "y.json"},
                "unexpected argument 'y.json' (a command to run comes after --, as in: acceptscope -- y.json)"},
        BadCase{{"doctor", "demo"}, "'demo' is a second command (give one command at a time)"},
        BadCase{{"--port"}, "--port needs a value (as in: --port LIST)"},
        BadCase{{"-d"}, "--duration needs a value (as in: --duration TIME)"},
        BadCase{{"--redact-peers=yes"}, "--redact-peers takes no value (see acceptscope --help)"},
        BadCase{{"-p", "80", "--"},
                "no command after '--' (as in: acceptscope --port 8000 -- ab -n 1000 http://127.0.0.1:8000/)"}));

INSTANTIATE_TEST_SUITE_P(
    Combinations, UsageError,
    testing::Values(
        BadCase{{"-o", "-", "--log", "-"},
                "--output and --log cannot both go to standard output (give one of them a file)"},
        BadCase{{"-o", "-", "--log", "/dev/stdout"},
                "--output and --log cannot both go to standard output (give one of them a file)"},
        BadCase{{"-o", "a/../hot", "--log", "./hot"},
                "--output and --log name the same file './hot' (give each a file of its own)"},
        BadCase{{"--html", "-", "-o", "-"},
                "--output and --html cannot both go to standard output (give one of them a file)"},
        BadCase{{"--html", "hot", "--log", "hot", "-o", "cold"},
                "--log and --html name the same file 'hot' (give each a file of its own)"},
        BadCase{{"--pinned"}, "--pinned is an option of demo (as in: acceptscope demo --pinned)"},
        BadCase{{"demo", "--pinned", "--both"}, "--pinned and --both exclude one another (give one of them)"},
        BadCase{{"demo", "-p", "80"}, "--port cannot be used with demo (it traces its own server, all of it)"},
        BadCase{{"demo", "-o", "x"}, "--output holds one run, and demo makes two (add --pinned or --spread)"},
        BadCase{{"demo", "--both", "--log", "x"}, "--log holds one run, and demo makes two (add --pinned or --spread)"},
        BadCase{{"demo", "--", "ls"}, "demo runs no command (leave out -- and what follows it)"},
        BadCase{{"doctor", "-o", "x"}, "--output cannot be used with doctor (it traces nothing)"},
        BadCase{{"report", "x", "-p", "80"}, "--port cannot be used with report (it traces nothing)"},
        BadCase{{"report", "x", "--backend", "kprobe"}, "--backend cannot be used with report (it traces nothing)"},
        BadCase{{"diff", "x"}, "diff needs AFTER (as in: acceptscope diff BEFORE AFTER [--html OUT])"},
        BadCase{{"diff", "-", "-"}, "BEFORE and AFTER cannot both be standard input (give one of them as a file)"},
        BadCase{{"diff", "x", "y", "--json", "--html", "-"},
                "--json and --html cannot both go to standard output (give --html a file)"},
        BadCase{{"demo", "--html", "x"}, "--html holds one run, and demo makes two (add --pinned or --spread)"},
        BadCase{{"doctor", "--html", "x"}, "--html cannot be used with doctor (it traces nothing)"},
        BadCase{{"report", "x", "--log", "y"}, "--log cannot be used with report (it traces nothing)"},
        BadCase{{"--json"}, "--json is an option of doctor and diff (as in: acceptscope doctor --json)"},
        BadCase{{"diff", "x", "y", "--fail-if", "workers=3"},
                "--fail-if 'workers=3': '=' is no comparison (comparisons are < <= > >= ==)"},
        BadCase{{"doctor", "--", "ls"}, "doctor runs no command (leave out -- and what follows it)"}));

}  // namespace
}  // namespace acceptscope::cli
