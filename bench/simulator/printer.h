// The model of one Kobra 2: heaters, job, files, firmware, and what it answers. Pure: requests,
// download results and the time go in, reports and orders come out through TakeEffects(). It knows
// no socket. Loop thread only. Spread over printer.cc (life), printer_commands.cc (files, settings
// and the rest), printer_print.cc (the print commands), printer_job.cc (the job's life) and
// printer_ota.cc (firmware).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/simulator/behaviour.h"
#include "bench/simulator/files.h"
#include "bench/simulator/heater.h"
#include "bench/simulator/identity.h"
#include "bench/simulator/job.h"
#include "bench/simulator/random.h"
#include "bench/simulator/replies.h"
#include "bench/simulator/request.h"
#include "bench/simulator/statistics.h"

namespace printfleet::simulator {

// A report on its way out; `tail` is the end of its topic ("print/report").
struct OutReport {
  std::string tail;
  std::string payload;
  std::string msgid;
  bool is_reply = false;  // caused by a request: --reply-delay-ms holds it back
};

struct FetchOrder {
  std::uint64_t token = 0;  // 0: none
  std::string url;
  std::string md5;
  std::int64_t size_bytes = 0;
};

enum class FetchResult { kOk, kDownloadFailed, kMd5Failed };

struct Effects {
  std::vector<OutReport> reports;  // in order
  FetchOrder fetch;
  std::uint64_t cancel_fetch = 0;  // token of the download to give up; 0: none
  std::optional<std::int64_t>
      reboot_ms;  // cut the connection, come back after this long; <0: never
};

class Printer {
 public:
  // `behaviour` and `statistics` must outlive it.
  Printer(Identity identity, const Behaviour& behaviour, std::uint64_t seed,
          Statistics& statistics);

  [[nodiscard]] const Identity& identity() const { return identity_; }

  [[nodiscard]] Phase phase() const { return job_.phase(); }

  // The session is open: the greeting (online, version, status).
  void Connected(std::int64_t now_ms);

  // The session is gone: the job goes on, nothing is reported.
  void Disconnected() { connected_ = false; }

  // One request. Replies are in the effects.
  Verdict Handle(std::string_view topic, std::string_view payload, std::int64_t now_ms);

  // A download ordered by an effect; a token that is no longer current changes nothing.
  void FetchProgress(std::uint64_t token, int percent, std::int64_t now_ms);
  void FetchDone(std::uint64_t token, FetchResult result, std::int64_t now_ms);

  // Everything that is due at `now_ms`.
  void Tick(std::int64_t now_ms);
  [[nodiscard]] std::int64_t NextDeadline() const;

  // What an operator does at the printer's own panel. False where it is not possible now.
  bool PanelStart(const std::string& filename, const std::string& task_id, std::int64_t now_ms);
  bool PanelStop(std::int64_t now_ms);
  bool FailJob(int code, std::int64_t now_ms);
  void SetLevelling(bool levelling, std::int64_t now_ms);

  // Power off and on: the job is gone, the files stay.
  void Reboot(std::int64_t now_ms);

  void SetFirmware(std::string firmware) { identity_.firmware = std::move(firmware); }

  // One print report of an endless print, padded to about `bytes`.
  OutReport LoadReport(std::size_t bytes, std::int64_t now_ms);

  // The payload of the will and of its opposite.
  std::string OnlineReport(bool online, const std::string& msgid, std::int64_t now_ms) const;

  std::string NewMsgid() { return random_.Uuid(); }

  Effects TakeEffects() { return std::exchange(effects_, {}); }

 private:
  using Handler = void (Printer::*)(const Request&);

  struct Command {
    std::string_view type;
    std::string_view action;
    Handler handle;
  };
  enum class OtaStage { kNone, kDownloading, kUpdating };

  static Handler FindCommand(std::string_view type, std::string_view action);
  bool SeenBefore(const std::string& msgid);

  // Reports. Say: unasked; Reply: to a request; Fail: its failed form; Malformed: Fail with 10110.
  void Emit(std::string tail, const Envelope& envelope, std::string_view data);
  void Say(std::string_view type, std::string_view action, std::string_view state,
           std::string_view data);
  void Reply(const Request& request, std::string_view state, std::string_view data,
             std::string_view msg = "done");
  void Fail(const Request& request, int code, std::string_view msg);
  void Malformed(const Request& request, std::string_view why);
  void SayStatus();
  void SayTemperature();
  void SayVersion();
  Temperatures ReadTemperatures();

  // printer_commands.cc
  void ListFiles(const Request& request);
  void DeleteFile(const Request& request);
  void RecommendList(const Request& request);
  void QueryStatus(const Request& request);
  void StartCapture(const Request& request);
  void UpdateSettings(const Request& request);
  void SetFan(const Request& request);
  bool ReadSettings(const Request& request, Temperatures& wanted, Settings& settings);
  [[nodiscard]] FileStore& Storage(const Request& request);

  // printer_print.cc
  void StartPrint(const Request& request);
  void StartRemote(const Request& request, JobPlan plan);
  void StartLocal(const Request& request, JobPlan plan, bool usb);
  void PausePrint(const Request& request);
  void ResumePrint(const Request& request);
  void StopPrint(const Request& request);
  void CancelPrint(const Request& request);
  void QueryPrint(const Request& request);
  void SliceParams(const Request& request);
  void MapLocalTask(const Request& request);
  bool CheckTask(const Request& request);

  // printer_job.cc
  void BeginJob(JobPlan plan, JobEvent start);
  void JobDue();
  void PrintingDue();
  void EnterPreheating();
  void SayPrint(std::string_view action, std::string_view state, int code, std::string_view msg);
  void FinishJob();
  void EndJobFailed(int code, std::string_view msg);
  void DownloadDone(FetchResult result);
  [[nodiscard]] std::int64_t Scaled(double printer_ms) const;

  // printer_ota.cc
  void ReportVersion(const Request& request);
  void StartUpdate(const Request& request);
  std::string CheckFirmwareRecord(const Request& request, bool update) const;
  void OtaDownloadDone(FetchResult result);
  void OtaDue();
  void EndOta(std::string_view state, int code, std::string_view msg);
  [[nodiscard]] bool OtaFaultIs(OtaFault fault) const;

  Identity identity_;
  const Behaviour& behaviour_;
  Random random_;
  Statistics& statistics_;
  Effects effects_;
  std::int64_t now_ms_ = 0;  // of the call we are in
  Verdict verdict_ = Verdict::kAccepted;
  bool replying_ = false;
  bool connected_ = false;
  bool levelling_ = false;
  std::deque<std::string> recent_msgids_;

  Heater nozzle_;
  Heater bed_;
  Settings settings_;
  FileStore local_;
  FileStore usb_;

  Job job_;
  File downloading_;  // stored under its name when the download is right
  std::uint64_t fetch_token_ = 0;
  std::uint64_t last_token_ = 0;
  int fetch_percent_ = 0;
  int fail_at_layer_ = -1;
  std::string last_task_id_ = "0";

  OtaStage ota_ = OtaStage::kNone;
  std::string ota_version_;
  int ota_progress_ = 0;
  bool ota_fault_strikes_ = false;

  std::int64_t temperature_due_ms_ = 0;
  std::int64_t status_due_ms_ = 0;
  std::int64_t job_due_ms_ = 0;
  std::int64_t ota_due_ms_ = 0;
  std::int64_t reboot_due_ms_ = 0;
  std::int64_t load_reports_ = 0;
};

}  // namespace printfleet::simulator
