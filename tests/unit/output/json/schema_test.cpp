// SPDX-License-Identifier: BSD-2-Clause
#include "output/json/schema.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "output/json/json.hpp"
#include "unit/output/golden.hpp"
#include "unit/output/sample.hpp"

namespace acceptscope {
namespace {

using nlohmann::json;

json dump(const Snapshot& snapshot) {
  std::ostringstream out;
  write_dump(out, snapshot);
  return json::parse(out.str());
}

/// Validates with python3-jsonschema, an independent implementation.
class SchemaTest : public testing::Test {
 protected:
  /// For each document 'y' if it is valid by the schema, or by the definition that `reference` names, 'n' if not;
  /// empty if there is no validator.
  std::string verdicts(const json& documents, const std::string& reference = "",
                       const std::string& schema = json_schema()) {
    write("schema", schema);
    write("documents", documents.dump());
    const std::string script = std::string(TEST_DATA_DIR) + "/output/validate.py";
    const std::string command = "/usr/bin/python3 -W ignore '" + script + "' '" + path("schema") + "' '" +
                                path("documents") + "' '" + reference + "' > '" + path("verdicts") + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream in(path("verdicts"));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  void TearDown() override {
    for (const char* file : {"schema", "documents", "verdicts"}) std::filesystem::remove(path(file));
  }

 private:
  [[nodiscard]] std::string path(const std::string& file) const { return name_ + file; }
  void write(const std::string& file, const std::string& text) const { std::ofstream(path(file)) << text; }

  const std::string name_ = testing::TempDir() + "acceptscope-" + std::to_string(getpid()) + "-";
};

#define SKIP_WITHOUT_VALIDATOR(verdicts) \
  if ((verdicts).empty()) GTEST_SKIP() << "python3-jsonschema is not installed"

TEST_F(SchemaTest, AcceptsDumps) {
  json with_a_field_added_later = dump(sample::complete());
  with_a_field_added_later["totals"]["added_later"] = 1;
  const std::string found = verdicts(
      {dump(Snapshot{}), dump(sample::uneven()), dump(sample::complete()), std::move(with_a_field_added_later)});

  SKIP_WITHOUT_VALIDATOR(found);
  EXPECT_EQ(found, "yyyy");
}

TEST_F(SchemaTest, RefusesWhatIsNotADump) {
  json documents = json::array({1, json::object()});
  const auto add = [&](const std::string& pointer, const json& value) {
    json document = dump(sample::complete());
    document[json::json_pointer(pointer)] = value;
    documents.push_back(std::move(document));
  };
  add("/schema_version", 2);
  add("/tool/name", "ss");
  add("/totals/accepts", -1);
  add("/totals/accepts", nullptr);
  add("/run/started_at", "2024-05-01T14:02:11Z");
  add("/run/end_reason", "boredom");
  add("/services/0/port", 65'536);
  add("/connections/1/close_reason", "whim");
  add("/connections/1/lifetime_seconds", "1");
  documents.push_back(dump(sample::complete()));
  documents.back()["services"][0]["workers"][0].erase("tid");
  documents.push_back(dump(sample::complete()));
  documents.back()["services"][0].erase("verdict");  // optional for a reader of old dumps, not for this version
  add("/services/0/workers/0/role", "boss");

  const std::string found = verdicts(documents);

  SKIP_WITHOUT_VALIDATOR(found);
  EXPECT_EQ(found, std::string(documents.size(), 'n'));
}

TEST_F(SchemaTest, DescribesLinesOfTheLog) {
  std::string closed;
  std::string open;
  write_connection_line(closed, {{sample::endpoint("0.0.0.0", 8000), 7}, sample::closed_connection(1)});
  write_connection_line(open, {{sample::endpoint("::", 8000), 7}, sample::open_connection(2)});
  json as_in_the_dump = json::parse(closed);
  as_in_the_dump["service"] = 0;

  const std::string found =
      verdicts({json::parse(closed), json::parse(open), std::move(as_in_the_dump)}, "#/$defs/log_line");

  SKIP_WITHOUT_VALIDATOR(found);
  EXPECT_EQ(found, "yyn");
}

TEST_F(SchemaTest, DescribesDiffs) {
  const Snapshot before = sample::snapshot({sample::pinned_service()});
  Diff diff = compare(before, sample::complete());
  diff.conditions = {{"workers_idle>0", diff.services.at(0).endpoint, std::nullopt, "workers_idle is not known"}};
  json right = json::parse(diff_json(diff));
  json documents = json::array({right, right, right});
  documents[1]["services"][0]["figures"][0]["kind"] = "whim";
  documents[2]["conditions"][0].erase("holds");

  const std::string found = verdicts(documents, "", diff_schema());

  SKIP_WITHOUT_VALIDATOR(found);
  EXPECT_EQ(found, "ynn");
}

/// The README quotes these files.
}  // namespace
}  // namespace acceptscope
