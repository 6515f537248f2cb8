// What time brings: our own deafness, deadlines of printers, executions and commands, paced
// questions and paced repetition of retained states.
#include "core/core.h"

namespace printfleet::core {
namespace {

constexpr size_t kDueMaxPerTick = 2000;
constexpr size_t kRepublishPerTick = 200;
constexpr milliseconds kRepublishInterval{100};
constexpr seconds kAskExpiry{15};

}  // namespace

void Core::OnTick(const Instant& now) {
  UpdateLive(now);
  for (DueKey& key : deadlines_.TakeDue(now.mono, kDueMaxPerTick)) {
    HandleDue(key, now);
    batch_due_.push_back(std::move(key));
  }
  WatchOutage(now);
  AnswerDiagnoses(now);
  AskPrinters(now);
  TurnNotifications(now);
  if (!republish_.empty() && now.mono >= next_republish_) {
    next_republish_ = now.mono + kRepublishInterval;
    RepublishSome();
  }
}

void Core::OnSessionUp(Session session, const Instant& now) {
  UpdateLive(now);
  if (session == Session::kReports) {
    GiveSuspectsTime(policy_.query_timeout, now);
  }
}

// What we asked meanwhile may have got lost. If this lasts, we are deaf before the time is over.
void Core::OnSessionDown(Session session, const Instant& now) {
  if (session == Session::kReports) {
    GiveSuspectsTime(settings_.inbound.deaf_after + policy_.query_timeout, now);
  }
}

void Core::OnOutboundUp() {
  republish_.clear();
  republished_ = false;
  world_.printers.ForEach([this](const PrinterId& id, const printer::Printer& printer) {
    if (printer.registration.enrolment != printer::Enrolment::kRetired) {
      republish_.push_back(id);
    }
  });
}

// Hearing changed: while we are deaf, every printer is `unknown`, not offline.
void Core::UpdateLive(const Instant& now) {
  const bool live = !links_.Deaf(Session::kReports, now);
  if (live == live_.get()) {
    return;
  }
  live_.Mutable() = live;
  world_.live = live;
  outage_.Mutable().recent.clear();  // what we do not hear is not lost
  std::vector<PrinterId> ids;
  world_.printers.ForEach([&](const PrinterId& id, const printer::Printer& printer) {
    if (printer.registration.enrolment != printer::Enrolment::kRetired) {
      ids.push_back(id);
    }
  });
  for (const PrinterId& id : ids) {
    printer::Printer& printer = world_.printers.Mutable(id);
    const printer::Context context = ContextAt(now, false, live);
    Absorb(id, live ? printer::ApplyLive(printer, context) : printer::ApplyDeaf(printer, context),
           now);
  }
  json::Writer body;
  body.BeginObject().Member("live", live).EndObject();
  AddEvent(live ? "bridge_hears" : "bridge_deaf", "", body.Take(), now);
}

void Core::HandleDue(const DueKey& key, const Instant& now) {
  if (!key.command_id) {
    if (world_.printers.Find(key.printer_id) != nullptr) {
      printer::Printer& printer = world_.printers.Mutable(key.printer_id);
      Absorb(key.printer_id, printer::ApplyTime(printer, ContextAt(now, false, world_.live)), now);
    }
    return;
  }
  fleet::Output output;
  if (key.printer_id.empty()) {
    if (world_.commands.Find(key.command_id) != nullptr) {
      fleet::HandleCommandDue(world_, rules(), key.command_id, now, output);
    }
  } else if (world_.executions.Find(key) != nullptr) {
    fleet::HandleExecutionDue(world_, rules(), key, now, output);
  }
  Absorb(std::move(output), now);
}

std::optional<MonoTime> Core::DueOf(const DueKey& key, const Instant& now) const {
  if (!key.command_id) {
    const printer::Printer* printer = world_.printers.Find(key.printer_id);
    if (printer == nullptr) {
      return std::nullopt;
    }
    auto due = printer::NextDeadline(*printer, policy_, world_.live);
    if (printer->dirty) {
      const MonoTime flush = printer->flushed_at.value_or(now.mono) + StateInterval(*printer);
      due = due ? std::min(*due, flush) : flush;
    }
    return due;
  }
  if (key.printer_id.empty()) {
    const fleet::Command* command = world_.commands.Find(key.command_id);
    return command == nullptr ? std::nullopt : fleet::NextDeadline(*command, world_, rules(), now);
  }
  const fleet::Execution* execution = world_.executions.Find(key);
  return execution == nullptr ? std::nullopt : fleet::NextDeadline(*execution);
}

// Sends the questions whose turn it is. A lost question is asked again by whoever needed it.
void Core::AskPrinters(const Instant& now) {
  while (const auto ask = asks_.Take(now.mono)) {
    const printer::Printer* known = world_.printers.Find(ask->printer);
    if (known == nullptr || known->registration.enrolment == printer::Enrolment::kRetired) {
      continue;
    }
    printer::Printer& printer = world_.printers.Mutable(ask->printer);
    const settings::Model* model = models_.Find(printer.registration.model_id);
    fleet::Outgoing outgoing;
    outgoing.printer_id = ask->printer;
    outgoing.model_id = printer.registration.model_id;
    outgoing.form = printer::EffectiveTopicForm(
        printer, model != nullptr ? model->short_topics_from : settings::Model{}.short_topics_from);
    outgoing.expiry = kAskExpiry;
    const auto send = [&](protocol::Request request) {
      outgoing.request = std::move(request);
      outgoing.msgid = world_.new_msgid();
      AddMessages(outgoing, now, effects_.publishes);
    };
    if (ask->questions.version) {
      send(protocol::QueryVersion{});
    }
    if (ask->questions.status) {
      printer.query_sent_at = now.mono;
      if (printer.presence == printer::Presence::kSuspect) {
        printer.suspect_deadline = now.mono + policy_.query_timeout;
      }
      send(protocol::QueryStatus{});
    }
    if (ask->questions.job) {
      send(protocol::QueryPrint{});
    }
    if (ask->questions.local_files) {
      send(protocol::ListFiles{protocol::Storage::kLocal});
    }
    if (ask->questions.usb_files) {
      send(protocol::ListFiles{protocol::Storage::kUsb});
    }
  }
}

void Core::RepublishSome() {
  for (size_t i = 0; i < kRepublishPerTick && !republish_.empty(); ++i) {
    const PrinterId id = republish_.front();
    republish_.pop_front();
    const printer::Printer* printer = world_.printers.Find(id);
    if (printer != nullptr && printer->registration.enrolment != printer::Enrolment::kRetired) {
      const bool enrolled = printer->registration.enrolment == printer::Enrolment::kEnrolled;
      if (settings_.home_assistant.enabled && enrolled) {
        effects_.publishes.push_back(DiscoveryPublish(printer->registration, true));
      } else if (clear_discovery_) {
        effects_.publishes.push_back(DiscoveryPublish(printer->registration, false));
      }
      effects_.publishes.push_back(StatePublish(*printer));
    }
  }
  republished_ = republish_.empty();
}

std::optional<MonoTime> Core::NextDeadline(const Instant& now) const {
  std::optional<MonoTime> next = deadlines_.Next();
  const auto consider = [&next](std::optional<MonoTime> other) {
    if (other && (!next || *other < *next)) {
      next = other;
    }
  };
  consider(asks_.Next());
  consider(OverAt(outage_.get(), settings_.fleet));
  consider(NextDiagnosis());
  consider(NextNotification(notify_.get()));
  if (!republish_.empty()) {
    consider(next_republish_);
  }
  if (live_.get() == links_.Deaf(Session::kReports, now)) {
    consider(now.mono);  // UpdateLive has something to say
  } else {
    consider(links_.DeafAt(Session::kReports, now));
  }
  return next;
}

std::optional<Publish> Core::Heartbeat(const Instant& now) {
  if (now.mono < links_.next_heartbeat()) {
    return std::nullopt;
  }
  Publish publish;
  publish.topic = Topic("heartbeat/" + settings_.instance);
  publish.payload = links_.NextHeartbeat(now);
  publish.lane = Publish::Lane::kStop;
  publish.expiry_s = 10;
  return publish;
}

}  // namespace printfleet::core
