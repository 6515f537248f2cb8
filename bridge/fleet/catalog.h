// The catalog: one row for every fleet command. Parsing, planning, help and documentation read it.
// The rows are made of schema/commands.yaml by the build.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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

// The JSON type of a field of a printer's message.
enum class WireType { kNone, kString, kInteger, kNumber, kBoolean, kAny };

struct ArgumentSpec {
  std::string_view name;
  ArgumentType type = ArgumentType::kText;
  bool required = false;
  bool secret = false;    // never stored, logged or captured
  std::string_view help;  // meaning
  bool nullable = false;  // null (and false, for a text) clears it: kept as ""
  std::string_view unit = {};
  std::string_view range = {};                    // in words, over what the next three say
  std::span<const std::string_view> values = {};  // a text is one of these
  // Bounds that hold for every model; of a text's characters, of an array's entries.
  std::optional<double> min = std::nullopt;
  std::optional<double> max = std::nullopt;
  // Fields of the printer's message that it becomes: "data.taskid", "data.records[].md5".
  std::span<const std::string_view> wire = {};
  WireType wire_type = WireType::kNone;
};

// A field of the printer's message that no argument sets.
struct FieldSpec {
  std::string_view wire;
  WireType wire_type = WireType::kNone;
  std::string_view help;
};

struct CommandSpec {
  std::string_view name;
  CommandKind kind = CommandKind::kPrinter;
  settings::Role role = settings::Role::kOperator;
  std::string_view help;       // one line
  std::string_view succeeded;  // when it counts as succeeded, one line
  std::span<const ArgumentSpec> arguments = {};
  std::span<const ArgumentSpec> members = {};  // of its objects: "file.storage", "records[].md5"
  std::span<const FieldSpec> sets = {};
  seconds deadline{0};       // of one stage; renewed by progress where `total` is larger
  seconds total{0};          // of the whole execution
  bool repeatable = true;    // false: never sent twice (print.start, ota.update, resume …)
  bool needs_fresh = false;  // start, OTA: a status answered within commands.fresh
  // Known, but of a later version: answered `unsupported`.
  bool later = false;
  // The printer's message, "print" and "pause"; "" where none goes out, or the arguments say it.
  std::string_view message_type = {};
  std::string_view message_action = {};
  std::string_view arguments_schema = {};  // a JSON Schema of `args`
};

std::span<const CommandSpec> Catalog();

// The JSON Schema of what all requests have in common: schema/envelope.json.
std::string_view EnvelopeSchema();

// nullptr for a name nobody knows.
const CommandSpec* FindCommand(std::string_view name);

// "0 to 1", "silent, standard, sport": in the row's words, else from its values and bounds; "" for
// none.
std::string RangeText(const ArgumentSpec& argument);

// Where a printer's message of this type and action carries what is never stored, logged or
// captured: paths like "data.sessionToken".
std::vector<std::string_view> SecretWirePaths(std::string_view type, std::string_view action);

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
