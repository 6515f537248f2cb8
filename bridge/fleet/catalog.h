// The catalog: one row for every fleet command. Parsing, planning, help and documentation read it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "protocol/request.h"
#include "settings/settings.h"

namespace printfleet::fleet {

enum class CommandKind {
  kPrinter,   // a message to each matched printer, tracked to its result
  kRegistry,  // printer.set, enroll, reject, retire: changes what we keep of printers
  kFleet,     // fleet.hold, fleet.release, command.cancel, job.set: changes other things of ours
  kQuestion,  // *.list, *.get: changes nothing
};

enum class ArgumentType { kText, kInteger, kNumber, kBool, kObject, kArray };

struct ArgumentSpec {
  std::string_view name;
  ArgumentType type = ArgumentType::kText;
  bool required = false;
  bool secret = false;    // never stored, logged or captured
  std::string_view help;  // meaning, unit, range
  bool nullable = false;  // null (and false, for a text) clears it: kept as ""
};

struct CommandSpec {
  std::string_view name;
  CommandKind kind = CommandKind::kPrinter;
  settings::Role role = settings::Role::kOperator;
  std::string_view help;       // one line
  std::string_view succeeded;  // when it counts as succeeded, one line
  std::span<const ArgumentSpec> arguments = {};
  seconds deadline{0};       // of one stage; renewed by progress where `total` is larger
  seconds total{0};          // of the whole execution
  bool repeatable = true;    // false: never sent twice (print.start, ota.update, resume …)
  bool needs_fresh = false;  // start, OTA: a status answered within commands.fresh
  // Known, but of a later version: answered `unsupported`.
  bool later = false;
};

std::span<const CommandSpec> Catalog();

// nullptr for a name nobody knows.
const CommandSpec* FindCommand(std::string_view name);

// Parsed arguments by name. Absent ones are absent; types are checked against the catalog.
using ArgumentValue =
    std::variant<bool, int64_t, double, std::string, std::vector<std::string>,
                 std::map<std::string, std::string>, std::vector<protocol::RecommendRecord>>;

class Arguments {
 public:
  void Set(std::string name, ArgumentValue value) { values_[std::move(name)] = std::move(value); }

  [[nodiscard]] bool Has(std::string_view name) const { return values_.contains(name); }

  // nullptr when absent or of another type.
  template <typename T>
  [[nodiscard]] const T* Get(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : std::get_if<T>(&found->second);
  }

  [[nodiscard]] bool empty() const { return values_.empty(); }

 private:
  std::map<std::string, ArgumentValue, std::less<>> values_;
};

}  // namespace printfleet::fleet
