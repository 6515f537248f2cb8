// printers.yaml: what printer.set can set of each printer, as a file. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "settings/load.h"
#include "settings/reader.h"

namespace printfleet::cli {

// A printer as the fleet has it, of its state document.
struct KnownPrinter {
  std::string id;
  std::string name;
  std::string model;
  std::string model_id;
  std::vector<std::string> groups;  // sorted
  std::map<std::string, std::string> labels;
  std::string maintenance;  // "": none, as the two below
  std::string topic_form;
  std::string note;
};

KnownPrinter ReadKnown(json::Value state);

// A printer of a file. What the file does not say is nullopt and left alone; "" clears.
struct WantedPrinter {
  std::string id;    // "": it is found by its name
  std::string name;  // "": left alone
  std::string model;
  std::optional<std::vector<std::string>> groups;  // sorted
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<std::string> maintenance;
  std::optional<std::string> topic_form;
  std::optional<std::string> note;
  settings::Place place;  // of its first key that is there: id, name, or the whole
  settings::Place name_place;
  settings::Place model_place;
};

// Every mistake at once, with its place: unknown keys, wrong values, ids and names that are there
// twice.
std::vector<WantedPrinter> ReadPrintersFile(const std::string& text, const std::string& file,
                                            std::vector<settings::Problem>& problems);

// One printer.set.
struct Change {
  std::string printer_id;
  std::string name;  // as it is now, for people
  std::string args_json;
  std::vector<std::string> lines;  // "groups: rack-a -> rack-a, rack-b"
};

struct ChangePlan {
  std::vector<Change> changes;  // in an order in which every name is free when it is taken
  std::vector<settings::Problem> unknown;  // printers that the fleet does not know
  size_t unchanged = 0;
};

// What makes the fleet what the file says. Mistakes that only show beside the fleet are appended to
// `problems`: another model, a name that is another printer's.
ChangePlan PlanChanges(const std::vector<WantedPrinter>& wanted,
                       const std::vector<KnownPrinter>& known, const std::string& file,
                       std::vector<settings::Problem>& problems);

// The file of these printers: sorted by name, every key there, the same text for the same printers.
std::string PrintersFileText(std::vector<KnownPrinter> printers);

}  // namespace printfleet::cli
