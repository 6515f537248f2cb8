// Report: exactly what a printer's message said, in types with units. Nothing is made up: what the
// message lacks is nullopt; what it said in a word we do not know is kUnknown with the word kept
// in the envelope. The vendor's spellings end in decode.cc and the files it calls.
//
// Text is views, of bytes as they were sent, maybe not UTF-8. A Report that came from a Decoder is
// valid until that decodes again or goes; who keeps text longer, copies it. Making one allocates
// only where there are lists, errors or texts made anew.
//
// Source of every shape: the shared protocol dossier, section in brackets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "protocol/equipment.h"

namespace printfleet::protocol {

// [§2] The members all reports share. `type` is the topic's where the message has none or "".
struct Envelope {
  std::string_view type;
  std::string_view action;
  std::string_view state;
  std::string_view msgid;
  std::string_view message;  // "msg"
  std::optional<int64_t> code;
  std::optional<int64_t> timestamp;  // as sent: epoch ms, seconds, or an uptime counter
};

// The reported time, when `timestamp` is a plausible epoch time in ms (2015 to 2100).
std::optional<WallTime> ReportedAt(const Envelope& envelope);

// Did the printer refuse or fail? (a code that is neither 0 nor 200 nor absent, or state "failed")
// Codes that only accompany a state (10401 paused by user, 501, 601, 603, 1306) are no error.
bool IsErrorCode(int64_t code);

enum class SpeedMode { kSilent, kStandard, kSport };

std::string_view Name(SpeedMode mode);
std::optional<SpeedMode> ParseSpeedMode(std::string_view name);

// [§3.6] The job block, in our units. `task_id` is "-1", "0" or a decimal string, whatever JSON
// type it came in.
struct JobBlock {
  std::optional<std::string_view> task_id;
  std::optional<std::string_view> local_task;
  std::optional<std::string_view> filename;
  std::optional<double> progress_ratio;
  std::optional<int64_t> layer;
  std::optional<int64_t> layers;
  std::optional<double> elapsed_s;
  std::optional<double> remaining_s;  // absent when the printer said 0 or less while printing
  std::optional<double> material_used_mm;
};

// [§3.4] Degrees Celsius.
struct Temperatures {
  std::optional<double> nozzle_c;
  std::optional<double> nozzle_target_c;
  std::optional<double> bed_c;
  std::optional<double> bed_target_c;
  std::optional<double> chamber_c;
  std::optional<double> chamber_target_c;
};

struct PrintSettings {
  std::optional<double> fan_ratio;
  std::optional<SpeedMode> speed_mode;
  std::optional<double> speed_ratio;
  std::optional<double> z_offset_mm;
};

enum class PrintAction {
  kStart,
  kPause,
  kResume,
  kStop,
  kUpdate,
  kCancel,
  kQuery,
  kGetSliceParam,
  kLocalTaskTrans,
  kMonitor,        // resin
  kAutoOperation,  // resin
  kReDetect,
  kIgnore,
  kDone,
  kOther,
};

enum class PrintWord {
  kDownloading,
  kChecking,
  kPreheating,
  kLeveling,  // auto_leveling, vibrating, flow_calibrating, fod
  kPrinting,
  kPausing,
  kPaused,
  kResuming,
  kResumed,
  kStopping,
  kStopped,  // "stoped" too
  kFailed,
  kFinished,
  kUpdated,
  kDone,
  kWaiting,  // also "monitoring"
  kNone,     // no state at all
  kUnknown,
};

struct PrintReport {
  PrintAction action = PrintAction::kOther;
  PrintWord word = PrintWord::kNone;
  JobBlock job;
  Temperatures temperatures;  // print/update reports carry them
  PrintSettings settings;
  std::optional<std::string> slice_params;  // JSON text of data.slice_param, made anew
};

enum class WorkState { kFree, kBusy, kUnknown };

struct StatusReport {
  WorkState work = WorkState::kUnknown;
};

struct LastWillReport {
  bool online = false;  // by `state`, never by `msg`
};

struct TemperatureReport {
  Temperatures temperatures;
};

struct FanReport {
  std::optional<double> fan_ratio = std::nullopt;
  std::optional<double> auxiliary_fan_ratio = std::nullopt;
  std::optional<int64_t> box_fan_level = std::nullopt;
};

struct FileRecord {
  std::string_view filename;
  std::optional<int64_t> size_bytes;
  std::optional<WallTime> modified_at;
  bool is_directory = false;
};

enum class FileAction { kListLocal, kListUsb, kDeleteLocal, kDeleteUsb, kRecommendList, kOther };

// Owns its text: it is what a request is made of, too.
struct RecommendRecord {
  std::string md5;
  std::string url;
  std::optional<int64_t> size_bytes;
  std::string image_url;
  std::optional<int64_t> estimated_s;
};

struct FileReport {
  FileAction action = FileAction::kOther;
  bool done = false;  // state "done" or "success"
  std::vector<FileRecord> records;
  std::vector<RecommendRecord> recommended;
};

enum class OtaStep {
  kVersion,  // reportVersion
  kStart,
  kDownloading,
  kUpdating,
  kSucceeded,
  kFailed,
  kDownloadFailed,
  kCanceled,
  kUnknown,
};

struct OtaReport {
  OtaStep step = OtaStep::kUnknown;
  std::optional<double> progress_ratio;
  std::optional<std::string_view> firmware;  // trimmed
  std::optional<std::string_view> machine_version;
  std::optional<std::string_view> peripheral_version;
  std::optional<std::string_view> model_id;
};

// [§1] `…/response`: "received", never "understood".
struct AckReport {};

// info/report of neighbouring models.
struct InfoReport {
  WorkState work = WorkState::kUnknown;
  std::optional<PrintReport> project;  // the job under way, as a print report would tell it
  std::optional<std::string_view> firmware;
  Temperatures temperatures;
  PrintSettings settings;
  std::optional<double> auxiliary_fan_ratio;
  std::optional<int64_t> box_fan_level;
};

// Recognized as a message of this protocol, not decoded further.
struct OtherReport {};

struct FieldError {
  std::string field;  // "data.progress", "data.records[3].size"
  std::string message;
};

// "data.records[].size": one name for the field of every element.
std::string PathWithoutIndices(std::string_view path);

using ReportBody =
    std::variant<OtherReport, PrintReport, StatusReport, LastWillReport, TemperatureReport,
                 FanReport, FileReport, OtaReport, VideoReport, AckReport, InfoReport, UserReport,
                 PeripheralsReport, LightReport, AxisReport, WifiReport, NetworkReport,
                 FilamentBoxReport, SpoolHolderReport>;

// Of reports of a type that decode.cc's table lacks.
constexpr std::string_view kUnknownType = "other";

struct Report {
  std::string_view model_id;
  std::string_view printer_id;
  std::string_view type =
      kUnknownType;  // by which it was read: of a closed set, never the sender's
  Envelope envelope;
  ReportBody body;
  std::vector<FieldError> field_errors;  // a field of the wrong type costs that field only
};

}  // namespace printfleet::protocol
