// The requests' bytes. Shapes: shared protocol dossier §3 and tests/fixtures/payloads/*__req-*.
#include <cmath>

#include "base/json.h"
#include "protocol/readings.h"
#include "protocol/request.h"

namespace printfleet::protocol {
namespace {

constexpr int64_t kFileTypeUrl = 0;
constexpr int64_t kFileTypeLocal = 1;
constexpr int64_t kFileTypeUsb = 2;
constexpr int64_t kTaskModePrint = 1;
constexpr int64_t kTaskModeList = 2;
constexpr double kExactIntegerMax = 1e9;

// JSON text with every "/" in its strings as "\/".
std::string WithEscapedSlashes(std::string_view json_text) {
  std::string escaped;
  escaped.reserve(json_text.size() + 8);
  for (size_t i = 0; i < json_text.size(); ++i) {
    const char c = json_text[i];
    if (c == '/') {
      escaped += "\\/";
      continue;
    }
    escaped += c;
    if (c == '\\' && i + 1 < json_text.size()) {
      escaped += json_text[++i];
    }
  }
  return escaped;
}

// A JSON string of bytes that need not be UTF-8: they go out as they are.
std::string QuotedBytes(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  quoted.reserve(bytes.size() + 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '/') {
      quoted.append("\\").append(1, c);
    } else if (byte < 0x20) {
      quoted.append("\\u00").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    } else {
      quoted += c;
    }
  }
  return quoted.append("\"");
}

int64_t Percent(double ratio) {
  // Written so that what is no number becomes 0.
  return ratio >= 1 ? 100 : (ratio > 0 ? std::lround(ratio * 100) : 0);
}

// Whole degrees are integers on the wire, as in every capture.
void WriteDegrees(std::string_view name, const std::optional<double>& degrees_c,
                  json::Writer& out) {
  if (!degrees_c) {
    return;
  }
  const bool whole =
      std::abs(*degrees_c) < kExactIntegerMax && std::trunc(*degrees_c) == *degrees_c;
  if (whole) {
    out.Member(name, static_cast<int64_t>(*degrees_c));
  } else {
    out.Member(name, *degrees_c);
  }
}

int64_t FileTypeOf(Storage storage) {
  return storage == Storage::kLocal ? kFileTypeLocal : kFileTypeUsb;
}

void WriteTask(std::string_view task_id, json::Writer& out) {
  out.Key("data").BeginObject().Member("taskid", task_id).EndObject();
}

void WriteFirmware(const Firmware& firmware, json::Writer& out) {
  out.Key("data")
      .BeginObject()
      .Member("force_update", firmware.force_update)
      .Member("firmware_md5", firmware.md5)
      .Member("firmware_version", firmware.version)
      .Member("firmware_name", firmware.name)
      .Member("firmware_url", firmware.url)
      .Member("firmware_size", firmware.size_bytes)
      .EndObject();
}

// Writes what a request has besides type, action, msgid and timestamp.
class BodyWriter {
 public:
  explicit BodyWriter(json::Writer& out) : out_(out) {}

  // Both places for the path, and the mode: what some firmware wants, the rest ignores. [§3.1]
  void operator()(const ListFiles& request) {
    const std::string path = QuotedBytes(request.path);
    out_.Key("data").BeginObject().Key("path").Raw(path).Member("task_mode", kTaskModeList);
    out_.EndObject().Key("path").Raw(path);
  }

  void operator()(const DeleteFile& request) {
    out_.Key("data").BeginObject();
    out_.Key("path").Raw(QuotedBytes(request.path));
    out_.Key("filename").Raw(QuotedBytes(request.filename));
    out_.EndObject();
  }

  void operator()(const SendRecommendList& request) {
    out_.Key("data").BeginObject().Key("records").BeginArray();
    for (const RecommendRecord& record : request.records) {
      out_.BeginObject().Member("md5", record.md5).Member("url", record.url);
      if (record.size_bytes) {
        out_.Member("size", *record.size_bytes);
      }
      out_.Member("img_url", record.image_url);
      if (record.estimated_s) {
        out_.Member("est_time", *record.estimated_s);
      }
      out_.EndObject();
    }
    out_.EndArray().EndObject();
  }

  void operator()(const QueryStatus&) {}

  void operator()(const StartCapture& request) {
    if (request.region.empty() && request.tmp_secret_key.empty() && request.tmp_secret_id.empty() &&
        request.session_token.empty()) {
      out_.Key("data").Null();
      return;
    }
    out_.Key("data").BeginObject().Member("region", request.region);
    out_.Member("tmpSecretKey", request.tmp_secret_key);
    out_.Member("tmpSecretId", request.tmp_secret_id);
    out_.Member("sessionToken", request.session_token).EndObject();
  }

  void operator()(const QuerySliceParams&) {}

  void operator()(const QueryPrint& request) {
    if (request.task_id) {
      WriteTask(*request.task_id, out_);
    }
  }

  void operator()(const MapLocalTask& request) {
    out_.Key("data").BeginObject().Member("taskid", request.task_id);
    out_.Member("localtask", request.local_task).EndObject();
  }

  void operator()(const StartFromUrl& request) {
    out_.Key("data").BeginObject().Member("taskid", request.task_id);
    out_.Member("url", request.url).Member("md5", request.md5);
    out_.Member("filesize", request.size_bytes);
    out_.Key("filename").Raw(QuotedBytes(request.filename));
    out_.Member("filetype", kFileTypeUrl);
    WriteStartEnd(request.project_type);
  }

  void operator()(const StartFromFile& request) {
    out_.Key("data").BeginObject().Member("taskid", request.task_id);
    out_.Key("filename").Raw(QuotedBytes(request.filename));
    out_.Key("filepath").Raw(QuotedBytes(request.path));
    out_.Member("filetype", FileTypeOf(request.storage));
    WriteStartEnd(request.project_type);
  }

  void operator()(const ControlJob& request) { WriteTask(request.task_id, out_); }

  void operator()(const UpdatePrint& request) {
    out_.Key("data").BeginObject().Member("taskid", request.task_id);
    out_.Key("settings").BeginObject();
    WriteDegrees("target_nozzle_temp", request.nozzle_target_c, out_);
    WriteDegrees("target_hotbed_temp", request.bed_target_c, out_);
    if (request.fan_ratio) {
      out_.Member("fan_speed_pct", Percent(*request.fan_ratio));
    }
    if (request.speed_mode) {
      out_.Member("print_speed_mode", SpeedModeNumber(*request.speed_mode));
    }
    if (request.z_offset_mm) {
      out_.Member("z_comp", *request.z_offset_mm);
    }
    out_.EndObject().EndObject();
  }

  void operator()(const SetFan& request) {
    const int64_t percent = Percent(request.fan_ratio);
    out_.Key("data").BeginObject().Member("fan_speed_pct", percent);
    out_.Key("settings").BeginObject().Member("fan_speed_pct", percent).EndObject().EndObject();
  }

  void operator()(const QueryVersion& request) {
    if (request.offer) {
      WriteFirmware(*request.offer, out_);
    } else {
      out_.Key("data").Null();
    }
  }

  void operator()(const UpdateFirmware& request) { WriteFirmware(request.firmware, out_); }

  void operator()(const RawRequest& request) {
    if (!request.data.empty()) {
      out_.Key("data").Raw(WithEscapedSlashes(request.data));
    }
  }

 private:
  void WriteStartEnd(const std::optional<int64_t>& project_type) {
    out_.Member("task_mode", kTaskModePrint);
    if (project_type) {
      out_.Member("project_type", *project_type);
    }
    out_.EndObject();
  }

  json::Writer& out_;
};

}  // namespace

std::string EncodeRequest(const Request& request, std::string_view msgid, WallTime now) {
  const WireName name = WireNameOf(request);
  json::Writer out(json::Writer::Slash::kEscaped);
  out.BeginObject().Member("type", name.type).Member("action", name.action);
  out.Member("msgid", msgid).Member("timestamp", EpochMs(now));
  std::visit(BodyWriter(out), request);
  out.EndObject();
  return out.Take();
}

}  // namespace printfleet::protocol
