// The reports of a Kobra 2 as JSON text. Pure. Shapes and spellings are the vendor's, protocol.md
// §2-§6; one function per kind of data member, one for the envelope around it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/simulator/files.h"
#include "bench/simulator/identity.h"
#include "bench/simulator/job.h"

namespace printfleet::simulator {

// The vendor's result codes that a simulated printer uses. Source: protocol.md §3.9.
enum Code {
  kOk = 200,
  kUnknownError = 10000,
  kAlreadyPrinting = 10101,
  kNoPrintTask = 10102,
  kSuspended = 10103,
  kStopped = 10104,
  kDownloadFailed = 10105,
  kFilamentBroken = 10107,
  kJsonInvalid = 10110,
  kPathEmpty = 10112,
  kMd5Failed = 10113,
  kCannotParseFile = 10115,
  kNozzleHeating = 10122,
  kPausedByUser = 10401,
  kHeaterLimit = 10410,
  kFirmwareDownloadFailed = 10801,
  kFirmwareUpdateFailed = 10802,
  kFirmwareVerificationFailed = 10805,
  kDeleteFailed = 11001,
};

struct Envelope {
  std::string_view type;
  std::string_view action;
  std::string_view state;
  int code = kOk;
  std::string_view msg;
  std::string_view msgid;
  std::int64_t timestamp_ms = 0;
};

// The whole report; `data` is JSON text, "null" where there is none.
std::string Report(const Envelope& envelope, std::string_view data);

struct Temperatures {
  double nozzle_c = 0;
  double nozzle_target_c = 0;
  double bed_c = 0;
  double bed_target_c = 0;
};

// Settings as print/update sets them and `updated` shows them.
struct Settings {
  int fan_speed_pct = 0;
  int print_speed_mode = 2;  // 1 silent, 2 standard, 3 sport
  double z_comp = 0;
};

std::string TemperatureData(const Temperatures& temperatures);
std::string FanData(int fan_speed_pct);
std::string UpdatedData(const Temperatures& temperatures, const Settings& settings,
                        std::string_view task_id);
std::string TaskData(std::string_view task_id);
std::string ProgressData(std::string_view task_id, int progress_pct);
// The full job block, in the K2's units: minutes as float, filament in millimetres.
std::string JobData(const JobView& job);
std::string SliceData(const JobView& job);
std::string FileListData(const std::vector<const File*>& files);
std::string VersionData(const Identity& identity);
// {"<name>":<value>}, the progress of an update.
std::string NumberData(std::string_view name, int value);

}  // namespace printfleet::simulator
