// What printfleet makes of recorded messages: of each what it understands, ignores and did not
// expect, and what becomes of the printer; of all of them what they settle. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "capture/describe.h"
#include "capture/message.h"
#include "capture/open_points.h"
#include "printer/apply.h"
#include "printer/printer.h"
#include "protocol/decode.h"
#include "protocol/trace.h"
#include "settings/error_codes.h"

namespace printfleet::capture {

// Of one message. Texts are as they were sent: clean them before a terminal sees them.
struct Explanation {
  int64_t line = 0;
  std::optional<WallTime> at;
  Direction direction = Direction::kFromPrinter;
  std::string model_id;  // "" where the topic names none
  std::string printer_id;
  std::string type;
  std::string action;
  std::string state;
  std::optional<int64_t> code;
  std::string meaning;                 // of a request, or of an error code
  std::vector<Field> fields;           // understood, in our units
  std::vector<std::string> ignored;    // members that nobody reads
  std::vector<std::string> surprises;  // what the dossier does not have, or has otherwise
  std::vector<std::string> changes;    // of the printer and its job
};

// "print/start", "response".
std::string KindOf(const Explanation& explanation);

// Of one model's printers.
struct ModelSummary {
  int64_t printers = 0;
  std::vector<std::string> firmware;
  std::vector<Answer> answers;
};

struct Summary {
  int64_t from_printers = 0;
  int64_t to_printers = 0;
  std::map<std::string, int64_t> kinds;      // "print/start printing" -> how often
  std::map<std::string, int64_t> surprises;  // without places in lists
  std::map<std::string, int64_t> ignored;
  std::vector<std::string> jobs;  // "K2…: cube.gcode finished, …" in the order they began
  std::map<std::string, ModelSummary> models;
};

// Not thread-safe.
class Explainer {
 public:
  // `error_codes` must outlive it.
  explicit Explainer(const settings::ErrorCodes& error_codes);

  // Messages in the order they were recorded; `line` is for the reader.
  Explanation Explain(int64_t line, const Message& message);

  // After the last message.
  Summary Finish();

 private:
  void ExplainReport(const Message& message, Explanation& explanation);
  void ExplainRequest(const Message& message, Explanation& explanation);
  [[nodiscard]] printer::Context ContextOf(bool retained) const;
  void CheckEnvelope(json::Value message, Explanation& explanation) const;
  void Apply(const protocol::Report& report, bool retained, Explanation& explanation);
  void Note(const printer::Change& change, Explanation& explanation);
  printer::Printer& PrinterOf(std::string_view model_id, std::string_view printer_id);
  void Tell(const Message& message);
  void Count(const Explanation& explanation);
  Spoken SpokenOf(const Message& message, const Explanation& explanation, json::Value json) const;

  const settings::ErrorCodes& error_codes_;
  const std::function<JobId()> next_job_ = [this] { return JobId{++last_job_}; };
  protocol::Decoder decoder_;
  json::Parser parser_;
  printer::Policy policy_;
  std::map<std::string, printer::Printer, std::less<>> printers_;
  std::map<std::string, OpenPoints, std::less<>> points_;  // by model
  std::vector<printer::Job> jobs_;
  Instant now_;
  Summary summary_;
  int64_t last_job_ = 0;
};

}  // namespace printfleet::capture
