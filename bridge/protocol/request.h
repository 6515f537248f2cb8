// Requests to a printer, typed, and their bytes on the wire. Pure.
//
// Units are ours (ratio, °C, mm); encoding turns them into the printers' (percent, numbers of
// speed modes). Source: shared protocol dossier §3, and the payloads beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "protocol/report.h"
#include "protocol/topics.h"

namespace printfleet::protocol {

enum class Storage { kLocal, kUsb };

struct ListFiles {
  Storage storage = Storage::kLocal;
  std::string path = "/";
};

struct DeleteFile {
  Storage storage = Storage::kLocal;
  std::string path;
  std::string filename;  // bytes; may be not UTF-8, sent as they are
};

struct SendRecommendList {
  std::vector<RecommendRecord> records;
};

struct QueryStatus {};

// All four, or none (data null).
struct StartCapture {
  std::string region;
  std::string tmp_secret_key;
  std::string tmp_secret_id;
  std::string session_token;
};

struct QuerySliceParams {};

struct QueryPrint {
  std::optional<std::string> task_id;
};

struct MapLocalTask {
  std::string task_id;
  std::string local_task;
};

struct StartFromUrl {
  std::string task_id;
  std::string url;
  std::string md5;
  int64_t size_bytes = 0;
  std::string filename;
  std::optional<int64_t> project_type;
};

struct StartFromFile {
  std::string task_id;
  Storage storage = Storage::kLocal;  // filetype 1 or 2
  std::string path = "/";
  std::string filename;
  std::optional<int64_t> project_type;
};

enum class JobVerb { kPause, kResume, kStop, kCancel };

struct ControlJob {
  JobVerb verb = JobVerb::kPause;
  std::string task_id;
};

struct UpdatePrint {
  std::string task_id;  // "0": no job, settings only
  std::optional<double> nozzle_target_c;
  std::optional<double> bed_target_c;
  std::optional<double> fan_ratio;
  std::optional<SpeedMode> speed_mode;
  std::optional<double> z_offset_mm;
};

struct SetFan {
  double fan_ratio = 0;
};

struct Firmware {
  std::string version;
  std::string name;
  std::string url;
  std::string md5;
  int64_t size_bytes = 0;
  bool force_update = false;
};

// Without a firmware: a question (data null). With one: the cloud's offer.
struct QueryVersion {
  std::optional<Firmware> offer;
};

struct UpdateFirmware {
  Firmware firmware;
};

struct RawRequest {
  std::string type;
  std::string action;
  std::string data;  // JSON text (the caller parsed it), "" for none
};

using Request =
    std::variant<ListFiles, DeleteFile, SendRecommendList, QueryStatus, StartCapture,
                 QuerySliceParams, QueryPrint, MapLocalTask, StartFromUrl, StartFromFile,
                 ControlJob, UpdatePrint, SetFan, QueryVersion, UpdateFirmware, RawRequest>;

// The wire's type and action of a request ("print", "pause"); of a RawRequest, views into it.
struct WireName {
  std::string_view type;
  std::string_view action;
};

WireName WireNameOf(const Request& request);

// The payload: type, action, msgid, timestamp, data; every "/" escaped as "\/"; taskid a string;
// md5, sizes and modes typed as captures show them, not as the public list's placeholders.
std::string EncodeRequest(const Request& request, std::string_view msgid, WallTime now);

}  // namespace printfleet::protocol
