// What stands in config/ is what the program reads.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "settings/load.h"
#include "settings/yaml_tree.h"

namespace printfleet::settings {
namespace {

const std::string kConfig = PRINTFLEET_SOURCE_DIR "/config/";

// reference.yaml with every "#key: value" set.
std::string UncommentedReference() {
  std::ifstream in(kConfig + "reference.yaml");
  const std::regex commented("^( *)#(?=[a-z-])");
  std::string text;
  std::string line;
  while (std::getline(in, line)) {
    text += std::regex_replace(line, commented, "$1") + "\n";
  }
  return text;
}

void CollectKeys(const YamlNode& node, const std::string& path, std::set<std::string>& keys) {
  for (const auto& member : node.members) {
    const std::string name = path.empty() ? member.key : path + "." + member.key;
    keys.insert(name);
    CollectKeys(member.value, name, keys);
  }
  for (const auto& item : node.items) {
    CollectKeys(item, path + "[]", keys);
  }
}

class Examples : public testing::TestWithParam<const char*> {};

TEST_P(Examples, LoadWithoutErrors) {
  const Loaded loaded = LoadFile(kConfig + GetParam());
  EXPECT_TRUE(loaded.ok()) << loaded.problems[0].Text();
  for (const auto& problem : loaded.problems) {  // only the certificates that are not there
    EXPECT_NE(problem.message.find("cannot be read (yet)"), std::string::npos) << problem.Text();
  }
}

INSTANTIATE_TEST_SUITE_P(Config, Examples,
                         testing::Values("workshop.yaml", "farm.yaml", "external.yaml",
                                         "reference.yaml"));

TEST(Reference, NamesEveryKeyTheLoaderKnows) {
  std::vector<Problem> problems;
  const auto root = ParseYaml(UncommentedReference(), "reference.yaml", problems);
  ASSERT_TRUE(root && problems.empty());
  std::set<std::string> keys;
  CollectKeys(*root, "", keys);
  const auto known = KnownKeys();
  EXPECT_EQ(keys, std::set<std::string>(known.begin(), known.end()));
}

TEST(Reference, HasTheDefaults) {
  Settings settings = LoadText(UncommentedReference(), "reference.yaml").settings;
  const Settings defaults;
  EXPECT_EQ(settings.instance, defaults.instance);
  EXPECT_EQ(settings.log_level, defaults.log_level);
  EXPECT_EQ(settings.http.listeners, defaults.http.listeners);
  EXPECT_EQ(settings.http.worker_threads, defaults.http.worker_threads);
  EXPECT_EQ(settings.inbound, defaults.inbound);
  EXPECT_EQ(settings.commands, defaults.commands);
  EXPECT_EQ(settings.store, defaults.store);
  EXPECT_EQ(settings.library, defaults.library);
  // What has no default is an example there.
  ASSERT_EQ(settings.broker.listeners.size(), 1U);
  settings.broker.listeners[0].tls.reset();
  settings.broker.url.clear();
  settings.broker.password_file.clear();
  settings.broker.ca_file.clear();
  EXPECT_EQ(settings.broker, defaults.broker);
  settings.database.url.clear();
  settings.database.password_file.clear();
  settings.database.owner_url.clear();
  settings.database.owner_password_file.clear();
  settings.database.binaries_dir.clear();
  EXPECT_EQ(settings.database, defaults.database);
  settings.fleet.enrolment.reset();
  EXPECT_EQ(settings.fleet, defaults.fleet);
  ASSERT_EQ(settings.notify.targets.size(), 1U);
  NotifyTarget target;
  target.name = settings.notify.targets[0].name;
  EXPECT_EQ(settings.notify.targets[0].events, target.events);
  EXPECT_EQ(settings.notify.targets[0].group, target.group);
  EXPECT_EQ(settings.notify.targets[0].group_max, target.group_max);
  EXPECT_EQ(settings.notify.targets[0].timeout, target.timeout);
  settings.notify.targets.clear();
  EXPECT_EQ(settings.notify, defaults.notify);
  EXPECT_EQ(settings.home_assistant, defaults.home_assistant);
}

TEST(Models, AreTheThreeKobra2) {
  std::vector<Problem> problems;
  std::ifstream in(kConfig + "models.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  const ModelRegistry models = LoadModels(text.str(), "models.yaml", problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(models.all().size(), 3U);
  const Model* max = models.Find("20023");
  ASSERT_NE(max, nullptr);
  EXPECT_EQ(max->name, "K2Max");
  EXPECT_EQ(max->bed_target_c_max, 90);
  EXPECT_EQ(max->build_z_mm, 500);
  EXPECT_EQ(max->no_task_id, "-1");
  EXPECT_EQ(max->job_time_unit_s, 60);
  EXPECT_TRUE(max->material_in_mm);
  EXPECT_EQ(models.NameOf("20021"), "K2Pro");
  EXPECT_EQ(models.NameOf("99999"), "99999");
}

TEST(ErrorCodes, AreThoseOfTheDossier) {
  const Loaded loaded = LoadText("data_dir: /x\n", "f");
  ASSERT_TRUE(loaded.ok());
  const ErrorCodes& codes = loaded.error_codes;
  EXPECT_GE(codes.all().size(), 110U);
  for (const auto& [number, code] : codes.all()) {
    EXPECT_FALSE(code.text.empty() || code.advice.empty() || code.source.empty()) << number;
  }
  for (const int64_t number :
       {10000, 10120, 10237, 10415, 10539, 10805, 11407, 11412, 11538, 11871}) {
    EXPECT_NE(codes.Find(number), nullptr) << number;
  }
  EXPECT_EQ(codes.KindOf(10401), ErrorKind::kStopped);
  EXPECT_EQ(codes.KindOf(10101), ErrorKind::kRefused);
  EXPECT_EQ(codes.KindOf(10603), ErrorKind::kInterrupted);
  EXPECT_EQ(codes.KindOf(10122), ErrorKind::kFailure);
  EXPECT_EQ(codes.KindOf(501), ErrorKind::kNotice);
  EXPECT_EQ(codes.KindOf(77777), ErrorKind::kFailure);
  EXPECT_EQ(Name(codes.Find(10101)->retry), "once_after_1500_ms");
  EXPECT_NE(codes.Find(10125)->text.find("the sources differ"), std::string::npos);
}

TEST(ErrorCodes, MistakesAreNamedWithTheirPlace) {
  std::vector<Problem> problems;
  LoadErrorCodes(
      "codes:\n"
      "- {code: 1, kind: failure, text: a, advice: b, retry: never, source: observed}\n"
      "- {code: 1, kind: failure, text: a, advice: b, retry: never, source: observed}\n"
      "- {code: 2, kind: fault, text: a, advice: b, retry: no, source: observed}\n"
      "- {code: x, kind: stopped, text: a, retry: again, sources: observed}\n",
      "c", problems);
  std::string lines;
  for (const auto& problem : problems) {
    lines += problem.Text() + "\n";
  }
  EXPECT_EQ(
      lines,
      "c:3:10: codes[1].code: 1 is here twice\n"
      "c:4:19: codes[2].kind: \"fault\" is not one of failure, interrupted, stopped, refused, "
      "notice\n"
      "c:4:53: codes[2].retry: \"no\" is not one of never, after_fix, once_after_1500_ms, "
      "again\n"
      "c:5:3: codes[3]: advice is missing\n"
      "c:5:3: codes[3]: source is missing\n"
      "c:5:10: codes[3].code: expected a whole number, got \"x\"\n"
      "c:5:51: codes[3].sources: unknown key; did you mean \"source\"?\n");
}

TEST(Models, MistakesAreNamedWithTheirPlace) {
  std::vector<Problem> problems;
  LoadModels(
      "models:\n- {id: \"1\", name: A}\n- {id: \"1\", name: B}\n- {id: \"2\", name: A}\n"
      "- {id: \"3\", bed_target_c_max: hot}\n- {id: \"4\", name: D, short_topics_from: \"3.1\"}\n"
      "- {id: \"5\", name: E, speed_mode: []}\n",
      "m", problems);
  std::string lines;
  for (const auto& problem : problems) {
    lines += problem.Text() + "\n";
  }
  EXPECT_EQ(lines,
            "m:3:8: models[1].id: \"1\" is here twice\n"
            "m:4:19: models[2].name: \"A\" already names model 1\n"
            "m:5:3: models[3]: name is missing\n"
            "m:5:31: models[3].bed_target_c_max: expected a number, got \"hot\"\n"
            "m:6:41: models[4].short_topics_from: wanted three numbers like 3.1.0\n"
            "m:7:22: models[5].speed_mode: unknown key; did you mean \"speed_modes\"?\n");
}

}  // namespace
}  // namespace printfleet::settings
