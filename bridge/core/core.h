// Core: the whole program's decisions. Events go in, effects come out; no I/O, no clock.
//
//   Receive(message)     as it is read: heartbeats end here, the rest is stamped
//   Step(event, now)     on the overlay of the running batch (step.cc is the table of contents)
//   Seal(now)            the batch's rows and effects
//   Merge() or Drop()    once the store has it, or it never will
//
// Core equals the committed state. Loop thread only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "core/asks.h"
#include "core/counters.h"
#include "core/deadlines.h"
#include "core/duplicates.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/links.h"
#include "core/loaded.h"
#include "core/notify.h"
#include "core/outage.h"
#include "core/remembered.h"
#include "core/sessions.h"
#include "fleet/handle.h"
#include "fleet/world.h"
#include "protocol/decode.h"
#include "settings/load.h"

namespace printfleet::core {

class Core {
 public:
  // `seed` feeds msgids and nothing else.
  Core(const settings::Settings& settings, const settings::ModelRegistry& models,
       const settings::ErrorCodes& error_codes, const settings::Users& users, uint64_t seed);

  // -- The batch --

  // Stamps a message in the order of its arrival; true when it was a heartbeat and needs no step.
  bool Receive(Message& message) { return links_.Receive(message); }

  // The same for what the broker's log says: remembered as it is read; true when it is evidence of
  // a printer and must be stepped.
  bool Receive(const BrokerNote& note, const Instant& now);

  void Step(const Event& event, const Instant& now);
  // Finishes the batch. `pressed`: more waits than one batch takes; states are then told and
  // written less often. Requires: not sealed already.
  Effects Seal(const Instant& now, bool pressed = false);

  // Did anything happen since the last Merge or Drop?
  [[nodiscard]] bool stepped() const { return stepped_; }

  // The reports' rows so far; Seal returns those that come after.
  [[nodiscard]] std::vector<ReportRow> TakeReports() {
    return std::exchange(effects_.rows.reports, {});
  }

  [[nodiscard]] size_t reports() const { return effects_.rows.reports.size(); }

  void Merge(const Instant& now);
  void Drop(const Instant& now);

  // When Step(Tick) has something to do; nullopt for never.
  [[nodiscard]] std::optional<MonoTime> NextDeadline(const Instant& now) const;

  // -- Beside the batch --

  // A stop planned against the committed world, to be sent at once; nullopt when it is none.
  [[nodiscard]] std::optional<fleet::StopPlan> PlanStop(const Message& message,
                                                        const Instant& now) const;
  // The same for a message of the commands session, as it is read: it carries its plan from now on,
  // and this is to be sent at once. A repetition of one that is not stored yet carries the first
  // one's plan, and nothing is sent; with another body it carries none.
  [[nodiscard]] std::vector<Publish> PlanAhead(Message& message, const Instant& now);
  // The messages of a stop plan.
  [[nodiscard]] std::vector<Publish> StopPublishes(const fleet::StopPlan& plan,
                                                   const Instant& now) const;

  // The response to a request that cannot be taken now, and a record of it for the spool.
  struct Refusal {
    std::vector<Publish> publishes;
    std::string record_json;  // "" when there is nothing to keep
  };

  [[nodiscard]] Refusal Refuse(const Message& message, const Instant& now,
                               std::string_view reason) const;
  [[nodiscard]] Publish StopResponse(const fleet::StopPlan& plan) const;
  // Remembers the stop of a record of the spool: an earlier life sent it.
  void AdoptAhead(std::string_view record_json);

  // The heartbeat that is due, or nullopt. Independent of any batch.
  std::optional<Publish> Heartbeat(const Instant& now);

  [[nodiscard]] Links& links() { return links_; }

  [[nodiscard]] const Links& links() const { return links_; }

  // Somebody wants to see what the broker refuses.
  [[nodiscard]] bool diagnosing() const { return !diagnoses_.empty(); }

  // -- Start --

  // Fills the empty core from the store. Effects of it (executions adopted) belong to the first
  // batch, which is stepped already: seal it next.
  void Rebuild(Loaded loaded, const Instant& now);
  // For a daemon that starts without its store: registrations of the snapshot file, so that stops
  // find their printers. Forgotten by Rebuild.
  void AdoptSnapshot(std::vector<printer::Registration> registrations);
  [[nodiscard]] std::string SnapshotText() const;

  // How printers fetch files: before Rebuild, and when it has changed.
  void SetFileAccess(fleet::FileAccess access) { world_.files = std::move(access); }

  // What may still be fetched: after Rebuild.
  [[nodiscard]] std::vector<fleet::Offer> OpenOffers() const;
  // The sha256 of every file that is needed on disk.
  [[nodiscard]] std::set<std::string> NeededFiles() const;

  // Another set of people or models (reload); the caller owns what is referred to.
  void SetUsers(const settings::Users& users) { users_ = &users; }

  // How far local time is ahead of UTC: for quiet hours.
  void SetUtcOffset(seconds offset) { utc_offset_ = offset; }

  // While the disk is nearly full: no telemetry; payloads only of unusual reports.
  struct Shed {
    bool telemetry = false;
    bool payloads = false;
  };

  void SetShedding(Shed shed) { shed_ = shed; }

  // Home Assistant was told of our printers once and is not any more: its documents are cleared
  // with the next repetition of the retained states.
  void ClearDiscovery() { clear_discovery_ = true; }

  // All of them were cleared, or published again.
  [[nodiscard]] bool republished() const { return republished_; }

  // -- View --

  [[nodiscard]] const fleet::World& world() const { return world_; }

  [[nodiscard]] const Counters& counters() const { return counters_; }

  [[nodiscard]] const Sessions& sessions() const { return sessions_; }

  [[nodiscard]] const Outage& outage() const { return outage_.committed(); }

  [[nodiscard]] const NotifyBook& notifications() const { return notify_.committed(); }

 private:
  // Handlers of Step, one an event.
  void OnMessage(const Message& message, const Instant& now);
  void OnPoison(const PoisonMessage& poison, const Instant& now);
  void OnSessionUp(Session session, const Instant& now);
  void OnSessionDown(Session session, const Instant& now);
  void OnOutboundUp();
  void OnOutboundDown(const Instant& now);
  void OnBrokerNote(const BrokerNote& note, const Instant& now);
  void OnPublished(const Published& published, const Instant& now);
  void OnTick(const Instant& now);
  void OnAnswer(const Answer& answer, const Instant& now);
  void OnStopRecord(const StopRecord& record, const Instant& now);
  void OnRefusedRecord(const RefusedRecord& record, const Instant& now);
  void OnCancelUnsent(const CancelUnsent& cancel, const Instant& now);
  void OnFileStored(const FileStored& stored, const Instant& now);
  void OnFileSent(const FileSent& sent);
  void OnNotified(const Notified& notified, const Instant& now);
  void OnBridgeNews(const BridgeNews& news, const Instant& now);
  void OnToldDirectly(const ToldDirectly& told, const Instant& now);
  void OnKnownRequest(const Message& message, const Instant& now);
  void RefusePoison(const PoisonMessage& poison, const Instant& now);

  void AdoptCommands(const Instant& now);
  void AdoptStored(LoadedCommand stored, const Instant& now, fleet::Output& output);

  // Reports (reports.cc).
  void OnReport(const Message& message, const Instant& now);
  bool AdmitPrinter(const protocol::Report& report, const Message& message, const Instant& now);
  void AddPrinter(const protocol::Report& report, const Instant& now);
  // `stored`: the telemetry that the last stored row of the printer has.
  void LogReport(const protocol::Report& report, const Message& message,
                 const printer::Readings& stored, const Instant& now);
  void LogTelemetry(printer::Printer& printer, bool state_changed, const Instant& now);

  // The inventory of the printers' files (files.cc).
  void LogFiles(const protocol::Report& report, bool live, const Instant& now);
  void LogListing(const protocol::Report& report, const protocol::FileReport& files,
                  protocol::Storage storage, const std::vector<protocol::Request>& requests,
                  const Instant& now);
  void LogDeletion(const protocol::Report& report, protocol::Storage storage,
                   const std::vector<protocol::Request>& requests, bool live);
  void DeadLetter(const Message& message, std::string_view reason, std::string_view detail);

  // Requests (requests.cc).
  void OnRequest(const Message& message, const Instant& now);
  [[nodiscard]] std::optional<fleet::Delivery> DeliveryOf(const Message& message) const;

  // What handlers produced (outputs.cc).
  void Absorb(const PrinterId& printer, const printer::Change& change, const Instant& now);
  void Absorb(fleet::Output output, const Instant& now);
  void AddEvent(std::string_view kind, const PrinterId& printer, std::string body_json,
                const Instant& now);
  void AddMessages(const fleet::Outgoing& outgoing, const Instant& now,
                   std::vector<Publish>& into) const;
  [[nodiscard]] Publish ResponsePublish(const fleet::Response& response) const;

  // Time (time.cc).
  void UpdateLive(const Instant& now);
  void AskPrinters(const Instant& now);
  void RepublishSome();
  void HandleDue(const DueKey& key, const Instant& now);
  void ScheduleTouched(const Instant& now);
  [[nodiscard]] std::optional<MonoTime> DueOf(const DueKey& key, const Instant& now) const;

  // Presence of the farm (broker_notes.cc).
  void ApplyNews(const PrinterId& printer, const printer::SessionNews& news, const Instant& now);
  void GiveSuspectsTime(milliseconds patience, const Instant& now);
  void FollowOutage(const PrinterId& printer, const printer::Change& change, const Instant& now);
  void WatchOutage(const Instant& now);

  // Who is told (tell.cc).
  void TellNotices(const PrinterId& printer, const printer::Change& change, const Instant& now);
  void TellHappening(const fleet::Happening& happening, const Instant& now);
  void TellOfOutage(bool over, const Instant& now);
  void Tell(const Telling& telling, const Instant& now);
  void Take(NotifyOutput output, const Instant& now);
  void TurnNotifications(const Instant& now);
  [[nodiscard]] NotifyContext NotifyContextAt(const Instant& now) const;
  [[nodiscard]] std::optional<NotifyOutage> OutageNow() const;

  // printer.diagnose (diagnose.cc).
  void BeginDiagnosis(fleet::Diagnosis diagnosis, const Instant& now);
  void AnswerDiagnoses(const Instant& now);
  [[nodiscard]] std::optional<MonoTime> NextDiagnosis() const;

  // Sealing (seal.cc).
  void SealPrinters(const Instant& now);
  [[nodiscard]] milliseconds StateInterval(const printer::Printer& printer) const;
  void WriteJob(printer::Printer& printer);
  void SealPrinter(const PrinterId& id, printer::Printer& printer, const Instant& now);
  void Flush(printer::Printer& printer, const Instant& now);
  void SealCommands();
  void SealNotifications();
  [[nodiscard]] Publish StatePublish(const printer::Printer& printer) const;
  void ClearState(const PrinterId& printer);
  void SealDiscovery(const printer::Printer* before, const printer::Printer& printer);
  [[nodiscard]] Publish DiscoveryPublish(const printer::Registration& printer, bool there) const;

  [[nodiscard]] fleet::Rules rules() const { return {settings_, models_, error_codes_}; }

  [[nodiscard]] printer::Context ContextAt(const Instant& now, bool retained, bool live) const;
  [[nodiscard]] std::string Topic(std::string_view tail) const;

  const settings::Settings& settings_;
  const settings::ModelRegistry& models_;
  const settings::ErrorCodes& error_codes_;
  const settings::Users* users_;
  printer::Policy policy_;
  protocol::Decoder decoder_;
  std::mt19937_64 random_;

  fleet::World world_;
  Remembered remembered_;
  OverlayValue<bool> live_;
  Duplicates duplicates_;
  Links links_;
  Deadlines deadlines_;
  Asks asks_;
  Sessions sessions_;
  OverlayValue<Outage> outage_;
  OverlayValue<NotifyBook> notify_;
  Shed shed_;
  seconds utc_offset_{0};
  std::deque<PrinterId> republish_;
  MonoTime next_republish_;
  bool republished_ = false;
  bool clear_discovery_ = false;

  // Open commands of the store, until the batch that adopts them is committed.
  std::vector<LoadedCommand> adopting_;
  std::vector<NotificationRow> adopting_notifications_;

  // Questions that are listened for; of this process only.
  struct Listening {
    fleet::Diagnosis diagnosis;
    Instant began;
    bool answered = false;  // in the running batch
  };

  std::vector<Listening> diagnoses_;

  // Stops that were planned ahead and are not stored yet.
  std::unordered_map<fleet::RequestKey, std::shared_ptr<const fleet::StopPlan>,
                     fleet::RequestKeyHash>
      ahead_;

  // Of the running batch.
  bool stepped_ = false;
  bool pressed_ = false;  // of the last Seal
  // Between two states of a printer that say only readings.
  milliseconds readings_interval_ = settings_.fleet.state_interval;
  std::vector<Listening> batch_diagnoses_;
  Effects effects_;
  Counters batch_counters_;
  std::vector<std::pair<Asks::Ask, bool>> batch_asks_;
  std::vector<DueKey> batch_due_;
  std::function<JobId()> next_job_id_;
  std::function<NotificationId()> next_notification_id_;

  Counters counters_;
  // Dead letters written per printer in the current minute.
  std::unordered_map<std::string, int> dead_letter_budget_;
  MonoTime dead_letter_minute_;
};

}  // namespace printfleet::core
