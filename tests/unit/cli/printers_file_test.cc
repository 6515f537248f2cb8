#include "cli/printers_file.h"

#include <gtest/gtest.h>

namespace printfleet::cli {
namespace {

KnownPrinter Known(const std::string& id, const std::string& name) {
  KnownPrinter printer;
  printer.id = id;
  printer.name = name;
  printer.model = "K2Pro";
  printer.model_id = "20021";
  return printer;
}

std::string Texts(const std::vector<settings::Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    text += problem.Text() + "\n";
  }
  return text;
}

// What the file would change, one "name {args}" a line, or its mistakes.
std::string Plan(const std::string& text, const std::vector<KnownPrinter>& known,
                 ChangePlan* plan = nullptr) {
  std::vector<settings::Problem> problems;
  const auto wanted = ReadPrintersFile(text, "F", problems);
  if (!problems.empty()) {
    return Texts(problems);
  }
  const ChangePlan made = PlanChanges(wanted, known, "F", problems);
  if (plan != nullptr) {
    *plan = made;
  }
  std::string lines = Texts(problems) + Texts(made.unknown);
  for (const auto& change : made.changes) {
    lines += change.name + " " + change.args_json + "\n";
  }
  return lines;
}

TEST(PrintersFile, OfAFarmChangesNothingInIt) {
  KnownPrinter strange = Known("1e10", "null");
  strange.groups = {"a: b", "yes"};
  strange.labels = {{"#", "\"quoted\" 'twice'"}, {"row", "3"}};
  strange.maintenance = "new belt, since noon: see wall";
  strange.topic_form = "long";
  strange.note = "ü — tab\there";
  strange.note = "ü — {x}";
  const std::vector<KnownPrinter> known = {Known("ff00", "b-1"), strange, Known("00ff", "a-1")};
  const std::string text = PrintersFileText(known);
  ChangePlan plan;
  EXPECT_EQ(Plan(text, known, &plan), "");
  EXPECT_EQ(plan.unchanged, 3U);
  EXPECT_EQ(PrintersFileText({known[1], known[2], known[0]}), text);
  EXPECT_NE(text.find("  - id: \"00ff\"\n"
                      "    model: K2Pro\n"
                      "    name: a-1\n"
                      "    groups: []\n"
                      "    labels: {}\n"
                      "    maintenance: null\n"
                      "    topic_form: null\n"
                      "    note: null\n"
                      "  - id: ff00\n"),
            std::string::npos)
      << text;
}

TEST(PrintersFile, ChangesWhatItSaysAndLeavesTheRest) {
  KnownPrinter printer = Known("p1", "a-1");
  printer.groups = {"old"};
  printer.labels = {{"row", "3"}, {"old", "x"}};
  printer.maintenance = "belt";
  printer.note = "n";
  ChangePlan plan;
  EXPECT_EQ(Plan("printers:\n"
                 "  - id: p1\n"
                 "    name: a-2\n"
                 "    groups: [z, y, z]\n"
                 "    labels: {row: 4, new: w}\n"
                 "    maintenance: null\n"
                 "    topic_form: long\n",
                 {printer}, &plan),
            "a-1 {\"name\":\"a-2\",\"groups\":[\"y\",\"z\"],\"labels\":{\"new\":\"w\",\"row\":"
            "\"4\",\"old\":null},\"maintenance\":null,\"topic_form\":\"long\"}\n");
  EXPECT_EQ(plan.changes.at(0).lines,
            (std::vector<std::string>{
                "name: a-1 -> a-2", "groups: old -> y, z", "labels: old=x, row=3 -> new=w, row=4",
                "maintenance: belt -> (none)", "topic_form: (none) -> long"}));
  EXPECT_EQ(Plan("printers: [{name: a-1, groups: [], note: null}]", {printer}),
            "a-1 {\"groups\":[],\"note\":null}\n");
  EXPECT_EQ(Plan("printers: [{id: p1}]", {printer}), "");
}

TEST(PrintersFile, NamesAreFreeWhenTheyAreTaken) {
  const std::vector<KnownPrinter> known = {Known("p1", "a"), Known("p2", "b"), Known("p3", "c")};
  EXPECT_EQ(Plan("printers: [{id: p1, name: b}, {id: p2, name: c}, {id: p3, name: d}]", known),
            "c {\"name\":\"d\"}\nb {\"name\":\"c\"}\na {\"name\":\"b\"}\n");
  EXPECT_EQ(Plan("printers:\n  - id: p1\n    name: b\n  - id: p2\n    name: a\n", known),
            "F:3:11: name: \"b\" is the name of printer p2, which does not give it away before; "
            "rename that one first\n"
            "F:5:11: name: \"a\" is the name of printer p1, which does not give it away before; "
            "rename that one first\n");
  EXPECT_EQ(Plan("printers: [{id: p1, name: c}]", known),
            "F:1:27: name: \"c\" is the name of printer p3, which does not give it away before; "
            "rename that one first\n");
}

TEST(PrintersFile, EveryMistakeAtOnceWithItsPlace) {
  EXPECT_EQ(Plan("printers:\n"
                 "  - id: p1\n"
                 "    group: [a]\n"
                 "    bed: clear\n"
                 "    topic_form: tall\n"
                 "  - groups: a\n"
                 "  - {id: p1, name: x}\n"
                 "  - {id: p3, name: x, labels: [a], note: {}}\n"
                 "more: 1\n",
                 {}),
            "F:3:5: printers[0].group: unknown key; did you mean \"groups\"?\n"
            "F:4:5: printers[0].bed: unknown key\n"
            "F:5:17: printers[0].topic_form: expected short, long or null\n"
            "F:6:5: printers[1]: says neither id nor name: which printer is it?\n"
            "F:6:13: printers[1].groups: expected a list, got \"a\"\n"
            "F:7:10: id: \"p1\" is here twice: first in line 2\n"
            "F:8:20: name: \"x\" is here twice: first in line 7\n"
            "F:8:31: printers[3].labels: expected a map of texts, got a list\n"
            "F:8:42: printers[3].note: expected a text, got a map\n"
            "F:9:1: more: unknown key\n");
  EXPECT_EQ(Plan("", {}), "F: names no printers\n");
  EXPECT_EQ(
      Plan("printers: [{id: p1, model: K2Max}, {id: p9}, {name: nobody}]", {Known("p1", "a")}),
      "F:1:28: model: a is a K2Pro, and that cannot be changed: is it another printer?\n"
      "F:1:41: no printer p9\n"
      "F:1:53: no printer nobody\n");
}

TEST(PrintersFile, MorePrintersThanAConfigurationHasValues) {
  std::vector<KnownPrinter> known;
  for (int i = 0; i < 3000; ++i) {
    known.push_back(Known("p" + std::to_string(i), "name-" + std::to_string(i)));
  }
  ChangePlan plan;
  EXPECT_EQ(Plan(PrintersFileText(known), known, &plan), "");
  EXPECT_EQ(plan.unchanged, 3000U);
}

TEST(PrintersFile, AStateDocumentIsAPrinter) {
  json::Parser parser;
  const auto state = parser.Parse(
      R"({"printer_id":"p1","model_id":"20021","model":"K2Pro","name":"a","groups":["b","a"],
          "labels":{"row":"3"},"maintenance":null,"note":"n"})",
      json::Limits{});
  const KnownPrinter printer = ReadKnown(*state);
  EXPECT_EQ(printer.id, "p1");
  EXPECT_EQ(printer.groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(printer.labels.at("row"), "3");
  EXPECT_EQ(printer.maintenance, "");
  EXPECT_EQ(printer.note, "n");
}

}  // namespace
}  // namespace printfleet::cli
