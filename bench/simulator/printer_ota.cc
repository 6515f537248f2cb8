// Firmware: the version, an offer, an update and what becomes of it.
#include "bench/simulator/printer.h"

namespace printfleet::simulator {
namespace {

constexpr double kUpdateStepMs = 5'000;
constexpr int kUpdateStepPct = 20;

}  // namespace

std::string Printer::CheckFirmwareRecord(const Request& request, bool update) const {
  const rapidjson::Value* data = request.data();
  if (data == nullptr || data->ObjectEmpty()) {
    return update ? "data: expected a firmware record" : "";
  }
  for (const char* name : {"firmware_version", "firmware_name", "firmware_url"}) {
    if (StringMember(data, name).value_or("").empty()) {
      return std::string(name) + ": expected a string";
    }
  }
  if (!IsMd5(StringMember(data, "firmware_md5").value_or(""))) {
    return "firmware_md5: expected 32 hexadecimal digits";
  }
  if (IntMember(data, "firmware_size").value_or(0) <= 0) {
    return "firmware_size: expected a whole number above 0";
  }
  const auto force = data->FindMember("force_update");
  return force != data->MemberEnd() && force->value.IsBool() ? "" : "force_update: expected a bool";
}

void Printer::ReportVersion(const Request& request) {
  const std::string problem = CheckFirmwareRecord(request, false);
  if (!problem.empty()) {
    Malformed(request, problem);
    return;
  }
  Reply(request, "done", VersionData(identity_));
}

void Printer::StartUpdate(const Request& request) {
  const std::string problem = CheckFirmwareRecord(request, true);
  if (!problem.empty()) {
    Malformed(request, problem);
    return;
  }
  if (job_.phase() != Phase::kIdle || ota_ != OtaStage::kNone) {
    Fail(request, kAlreadyPrinting, "already printing");
    return;
  }
  const rapidjson::Value* data = request.data();
  ota_version_ = *StringMember(data, "firmware_version");
  // Source: protocol.md §6: 3.0.5 and later install from 3.0.3 on only.
  if (CompareVersions(ota_version_, "3.0.5") >= 0 &&
      CompareVersions(identity_.firmware, "3.0.3") < 0) {
    Fail(request, kFirmwareUpdateFailed, "update 3.0.3 first");
    return;
  }
  ota_fault_strikes_ =
      behaviour_.ota_fault != OtaFault::kNone && random_.Chance(behaviour_.ota_fault_rate);
  ota_ = OtaStage::kDownloading;
  ota_progress_ = 0;
  fetch_percent_ = 0;
  fetch_token_ = ++last_token_;
  effects_.fetch = {fetch_token_, *StringMember(data, "firmware_url"),
                    *StringMember(data, "firmware_md5"), *IntMember(data, "firmware_size")};
  if (!OtaFaultIs(OtaFault::kSilent)) {
    Reply(request, "start", "null");
    Say("ota", "update", "downloading", NumberData("progress", 0));
  }
  SayStatus();
}

bool Printer::OtaFaultIs(OtaFault fault) const {
  return ota_fault_strikes_ && behaviour_.ota_fault == fault;
}

void Printer::OtaDownloadDone(FetchResult result) {
  if (result == FetchResult::kDownloadFailed || OtaFaultIs(OtaFault::kDownload)) {
    EndOta("download-failed", kFirmwareDownloadFailed, "firmware download failed");
  } else if (result == FetchResult::kMd5Failed || OtaFaultIs(OtaFault::kVerify)) {
    EndOta("update-failed", kFirmwareVerificationFailed, "firmware verification failed");
  } else {
    ota_ = OtaStage::kUpdating;
    ota_due_ms_ = now_ms_ + Scaled(kUpdateStepMs);
  }
}

void Printer::OtaDue() {
  ota_due_ms_ = 0;
  if (ota_ != OtaStage::kUpdating) {
    return;
  }
  ota_progress_ += kUpdateStepPct;
  if (OtaFaultIs(OtaFault::kUpdate) && ota_progress_ > 50) {
    EndOta("update-failed", kFirmwareUpdateFailed, "firmware update failed");
    return;
  }
  if (ota_progress_ < 100) {
    if (!OtaFaultIs(OtaFault::kSilent)) {
      Say("ota", "update", "updating", NumberData("current_progress", ota_progress_));
    }
    ota_due_ms_ = now_ms_ + Scaled(kUpdateStepMs);
    return;
  }
  if (!OtaFaultIs(OtaFault::kSilent)) {
    Say("ota", "update", "update-success", NumberData("current_progress", 100));
  }
  if (!OtaFaultIs(OtaFault::kOldVersion)) {
    identity_.firmware = ota_version_;
    ++statistics_.updates_done;
  }
  std::vector<OutReport> last_words = std::move(effects_.reports);
  Reboot(now_ms_);
  effects_.reports = std::move(last_words);
  if (OtaFaultIs(OtaFault::kNeverBack)) {
    effects_.reboot_ms = -1;
  }
}

void Printer::EndOta(std::string_view state, int code, std::string_view msg) {
  ota_ = OtaStage::kNone;
  ++statistics_.updates_failed;
  const std::string msgid = NewMsgid();
  Emit("ota/report", {"ota", "update", state, code, msg, msgid, now_ms_}, "null");
  SayStatus();
}

}  // namespace printfleet::simulator
