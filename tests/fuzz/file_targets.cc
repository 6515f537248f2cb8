// Files that the program reads, and JSON by itself.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "core/snapshot.h"
#include "settings/load.h"
#include "tests/fuzz/targets.h"

namespace printfleet::fuzz {
namespace {

constexpr json::Limits kLimits{.bytes_max = 8192, .depth_max = 16};

// Every problem names the file, and what is wrong.
void CheckProblems(const std::vector<settings::Problem>& problems) {
  for (const settings::Problem& problem : problems) {
    CHECK(!problem.message.empty() && problem.line >= 0 && problem.column >= 0);
    CHECK(problem.Text().starts_with(problem.file));
  }
}

// The same up to the last digits of numbers: those that no double is exactly may move by as much
// with each writing.
bool IsSame(json::Value a, json::Value b) {
  constexpr double kDigits = 1e-12;
  if (a.TypeName() != b.TypeName() || a.size() != b.size() || a.String() != b.String() ||
      a.Bool() != b.Bool()) {
    return false;
  }
  const double number = a.Number().value_or(0);
  if (std::abs(number - b.Number().value_or(0)) > std::abs(number) * kDigits) {
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    const bool same = a.IsObject() ? a.member_name(i) == b.member_name(i) &&
                                         IsSame(a.member_value(i), b.member_value(i))
                                   : IsSame(a.at(i), b.at(i));
    if (!same) {
      return false;
    }
  }
  return true;
}

void WriteAgain(json::Value value, json::Writer& writer) {
  if (value.IsObject()) {
    writer.BeginObject();
    for (size_t i = 0; i < value.size(); ++i) {
      writer.Key(value.member_name(i));
      WriteAgain(value.member_value(i), writer);
    }
    writer.EndObject();
  } else if (value.IsArray()) {
    writer.BeginArray();
    for (size_t i = 0; i < value.size(); ++i) {
      WriteAgain(value.at(i), writer);
    }
    writer.EndArray();
  } else if (const auto text = value.String()) {
    writer.String(*text);
  } else if (const auto flag = value.Bool()) {
    writer.Bool(*flag);
  } else if (const auto whole = value.Int()) {
    writer.Int(*whole);
  } else if (const auto number = value.Number()) {
    writer.Number(*number);
  } else {
    writer.Null();
  }
}

}  // namespace

void Snapshot(std::string_view bytes) {
  for (const printer::Registration& registration : core::ReadSnapshot(bytes)) {
    // What was read is written so that it is read the same. (Text is cleaned on its way out.)
    const std::string line = core::SnapshotLine(registration);
    CHECK(std::ranges::count(line, '\n') == 1);
    const auto again = core::ReadSnapshot(line);
    CHECK(again.size() == 1 && core::SnapshotLine(again.front()) == line);
  }
}

void Settings(std::string_view bytes) {
  const settings::Loaded loaded = settings::LoadText(std::string(bytes), "fuzz.yaml");
  CheckProblems(loaded.problems);
  CHECK(!loaded.ok() || !loaded.settings.data_dir.empty());
}

void Models(std::string_view bytes) {
  std::vector<settings::Problem> problems;
  const auto registry = settings::LoadModels(std::string(bytes), "models.yaml", problems);
  CheckProblems(problems);
  for (const auto& [id, model] : registry.all()) {
    CHECK(id == model.id && registry.Find(id) == &model);
  }
}

void Codes(std::string_view bytes) {
  std::vector<settings::Problem> problems;
  const auto codes = settings::LoadErrorCodes(std::string(bytes), "error_codes.yaml", problems);
  CheckProblems(problems);
  for (const auto& [number, code] : codes.all()) {
    CHECK(number == code.code && codes.Find(number) == &code);
  }
}

void Users(std::string_view bytes) {
  const auto users = settings::ParseUsers(bytes, "users");
  if (!users.ok()) {
    CHECK(users.error().message.starts_with("users"));
    return;
  }
  const auto again = settings::ParseUsers(settings::UsersText(*users), "users");
  CHECK(again.ok() && again->size() == users->size());
}

void Json(std::string_view bytes) {
  json::Parser parser;
  const auto parsed = parser.Parse(bytes, kLimits);
  if (!parsed.ok()) {
    CHECK(!parsed.error().message.empty());
    return;
  }
  json::Parser second_parser;
  const auto second = second_parser.Parse(parsed->CanonicalText(), json::Limits{});
  CHECK(second.ok() && second->size() == parsed->size());
  json::Parser third_parser;
  const auto third = third_parser.Parse(second->CanonicalText(), json::Limits{});
  CHECK(third.ok() && IsSame(*second, *third));
  json::Writer writer;
  WriteAgain(*parsed, writer);
  CHECK(third_parser.Parse(writer.Take(), json::Limits{}).ok());
}

}  // namespace printfleet::fuzz
