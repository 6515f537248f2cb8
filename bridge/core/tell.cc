// Which events are told to people by `notify`, and what they are told.
#include <algorithm>

#include "base/text.h"
#include "core/core.h"

namespace printfleet::core {
namespace {

using settings::NotifyKind;

constexpr size_t kFilenameBytesMax = 200;
constexpr size_t kTextBytesMax = 500;

std::optional<NotifyKind> KindOfEnd(printer::Outcome outcome) {
  switch (outcome) {
    case printer::Outcome::kFailed:
      return NotifyKind::kPrintFailed;
    case printer::Outcome::kFinished:
      return NotifyKind::kPrintFinished;
    case printer::Outcome::kStopped:
      return NotifyKind::kPrintStopped;
    case printer::Outcome::kInterrupted:
      return NotifyKind::kPrintInterrupted;
    case printer::Outcome::kEndedUnknown:
    case printer::Outcome::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

// The job that the notice is of, as it is now; nullptr for none.
const printer::Job* JobOf(const printer::Notice& notice, const printer::Change& change,
                          const printer::Printer& printer) {
  if (!notice.job_id) {
    return nullptr;
  }
  if (printer.job && printer.job->id == notice.job_id) {
    return &*printer.job;
  }
  const auto found = std::find_if(change.jobs.begin(), change.jobs.end(),
                                  [&](const printer::Job& job) { return job.id == notice.job_id; });
  return found == change.jobs.end() ? nullptr : &*found;
}

// nullopt: nothing that anybody could want to be told.
std::optional<NotifyKind> KindOf(const printer::Notice& notice, const printer::Job* job) {
  if (notice.kind == "job_ended" || notice.kind == "job_corrected") {
    return job != nullptr ? KindOfEnd(job->outcome) : std::nullopt;
  }
  if (notice.kind == "job_paused_by_itself") {
    return NotifyKind::kPrintPausedByItself;
  }
  if (notice.kind == "printer_offline_mid_print") {
    return NotifyKind::kPrinterOfflineMidPrint;
  }
  return notice.kind == "printer_offline" ? std::optional(NotifyKind::kPrinterOffline)
                                          : std::nullopt;
}

std::string TextOf(NotifyKind kind, const printer::Notice& notice, const printer::Job* job) {
  if (kind == NotifyKind::kPrintFailed && job != nullptr && job->error_code) {
    const std::string code = std::to_string(*job->error_code);
    return job->error_text.empty() ? code : code + " " + job->error_text;
  }
  if (job != nullptr && !job->open()) {
    return job->error_text;
  }
  return notice.text;
}

NotifyItem ItemOf(NotifyKind kind, const printer::Registration& registration,
                  const printer::Job* job, std::string_view text, WallTime at) {
  NotifyItem item;
  item.kind = kind;
  item.at = at;
  item.printer_id = registration.id;
  item.printer = registration.name;
  item.text = CleanText(text, kTextBytesMax);
  if (job != nullptr) {
    item.job_id = job->id;
    item.filename = CleanText(job->filename, kFilenameBytesMax);
    item.layer = job->layer;
    item.layers = job->layers;
    item.progress_ratio = job->progress_ratio;
  }
  return item;
}

}  // namespace

NotifyContext Core::NotifyContextAt(const Instant& now) const {
  return {settings_.notify, now, utc_offset_, next_notification_id_};
}

std::optional<NotifyOutage> Core::OutageNow() const {
  const Outage& outage = outage_.get();
  if (!outage.on()) {
    return std::nullopt;
  }
  return NotifyOutage{*outage.since, static_cast<int64_t>(outage.lost.size()), outage.of};
}

void Core::Tell(const Telling& telling, const Instant& now) {
  NotifyOutput output;
  core::Tell(notify_.Mutable(), NotifyContextAt(now), telling, output);
  Take(std::move(output), now);
}

void Core::TellNotices(const PrinterId& id, const printer::Change& change, const Instant& now) {
  const printer::Printer* printer = world_.printers.Find(id);
  if (settings_.notify.targets.empty() || printer == nullptr ||
      printer->registration.enrolment != printer::Enrolment::kEnrolled) {
    return;
  }
  const auto& notices = change.notices;
  const bool mid_print = std::any_of(notices.begin(), notices.end(), [](const auto& notice) {
    return notice.kind == "printer_offline_mid_print";
  });
  for (const printer::Notice& notice : notices) {
    const printer::Job* job = JobOf(notice, change, *printer);
    const auto kind = KindOf(notice, job);
    if (!kind || (mid_print && *kind == NotifyKind::kPrinterOffline)) {
      continue;
    }
    Telling telling;
    telling.item = ItemOf(*kind, printer->registration, job, TextOf(*kind, notice, job), now.wall);
    telling.printer = &printer->registration;
    telling.after_loss = notice.after_loss;
    telling.in_outage = outage_.get().lost.contains(id);
    telling.outage = OutageNow();
    Tell(telling, now);
  }
}

void Core::TellHappening(const fleet::Happening& happening, const Instant& now) {
  if (settings_.notify.targets.empty() || happening.kind != "rollout_halted") {
    return;
  }
  json::Parser parser;
  const auto body = parser.Parse(happening.body_json, json::Limits{});
  const auto said = [&](std::string_view name) {
    return body.ok() ? (*body)[name].String().value_or("") : std::string_view();
  };
  Telling telling;
  telling.item.kind = NotifyKind::kRolloutHalted;
  telling.item.at = now.wall;
  std::string text(said("name"));
  for (const std::string_view part : {said("reason"), said("text")}) {
    text += (text.empty() || part.empty() ? "" : ", ") + std::string(part);
  }
  telling.item.text = CleanText(text, kTextBytesMax);
  Tell(telling, now);
}

// All of them, whether their own message went out a moment before or not.
void Core::TellOfOutage(bool over, const Instant& now) {
  if (settings_.notify.targets.empty()) {
    return;
  }
  const Outage& outage = outage_.get();
  if (over) {
    Telling telling;
    telling.item.kind = NotifyKind::kFarmOutageOver;
    telling.item.at = now.wall;
    telling.item.text = std::to_string(outage.lost.size() - outage.missing.size()) + " of " +
                        std::to_string(outage.lost.size()) + " lost printers are back";
    Tell(telling, now);
    return;
  }
  std::vector<Telling> lost;
  for (const PrinterId& id : outage.lost) {
    const printer::Printer* printer = world_.printers.Find(id);
    if (printer == nullptr) {
      continue;
    }
    const bool printing = printer->job && printer->job->under_way();
    const printer::Job* job = printing ? &*printer->job : nullptr;
    Telling telling;
    telling.item =
        ItemOf(printing ? NotifyKind::kPrinterOfflineMidPrint : NotifyKind::kPrinterOffline,
               printer->registration, job, printer::Name(printer->offline_reason), now.wall);
    telling.printer = &printer->registration;
    telling.in_outage = true;
    telling.outage = OutageNow();
    lost.push_back(std::move(telling));
  }
  std::sort(lost.begin(), lost.end(),
            [](const Telling& a, const Telling& b) { return a.item.printer < b.item.printer; });
  NotifyOutput output;
  TellOutage(notify_.Mutable(), NotifyContextAt(now), lost, output);
  Take(std::move(output), now);
}

void Core::TurnNotifications(const Instant& now) {
  const auto due = NextNotification(notify_.get());
  if (!due || *due > now.mono) {
    return;
  }
  NotifyOutput output;
  core::TurnNotifications(notify_.Mutable(), NotifyContextAt(now), output);
  Take(std::move(output), now);
}

void Core::OnNotified(const Notified& notified, const Instant& now) {
  NotifyOutput output;
  SettleNotification(notify_.Mutable(), NotifyContextAt(now), notified, output);
  Take(std::move(output), now);
  TurnNotifications(now);
}

void Core::Take(NotifyOutput output, const Instant& now) {
  for (Notify& send : output.sends) {
    effects_.notifies.push_back(std::move(send));
  }
  for (const auto& [target, result] : output.counts) {
    ++batch_counters_.notifications[{target, std::string(result)}];
  }
  for (NotificationRow& row : output.ended) {
    if (row.state == NotificationState::kFailed) {
      json::Writer body;
      body.BeginObject()
          .Member("notification_id", row.message.id.value)
          .Member("target", row.message.target)
          .Member("attempts", row.attempts)
          .Member("error", row.last_error)
          .EndObject();
      AddEvent("notification_failed", "", body.Take(), now);
    }
    effects_.rows.notifications.push_back(std::move(row));
  }
}

void Core::OnBridgeNews(const BridgeNews& news, const Instant& now) {
  json::Writer body;
  body.BeginObject();
  if (news.degraded) {
    body.Member("reason", CleanText(news.reason, kTextBytesMax));
  }
  body.EndObject();
  AddEvent(news.degraded ? "bridge_degraded" : "bridge_recovered", "", body.Take(),
           Instant{news.at, now.mono});
}

void Core::OnToldDirectly(const ToldDirectly& told, const Instant& now) {
  NotifyOutput output;
  NotificationRow row = told.row;
  row.message.id = next_notification_id_();
  output.counts.emplace_back(row.message.target,
                             row.state == NotificationState::kSent ? "sent" : "failed");
  output.ended.push_back(std::move(row));
  Take(std::move(output), now);
}

}  // namespace printfleet::core
