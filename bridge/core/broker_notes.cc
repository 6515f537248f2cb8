// What the managed broker's log says of printers' sessions, as evidence of presence; and what many
// lost printers at once mean.
#include "core/core.h"
#include "printer/state.h"

namespace printfleet::core {
namespace {

using Kind = BrokerNote::Kind;
using News = printer::SessionNews;

std::string OutageJson(const Outage& outage) {
  json::Writer body;
  const auto lost = static_cast<int64_t>(outage.lost.size());
  const auto missing = static_cast<int64_t>(outage.missing.size());
  body.BeginObject()
      .Member("lost", lost)
      .Member("of", outage.of)
      .Member("back", lost - missing)
      .Member("missing", missing)
      .Member("since", FormatIso8601(*outage.since))
      .EndObject();
  return body.Take();
}

}  // namespace

bool Core::Receive(const BrokerNote& note, const Instant& now) {
  const bool known = world_.printers.Find(note.client_id) != nullptr;
  sessions_.Record(note, known, now);
  switch (note.kind) {
    case Kind::kConnected:
    case Kind::kEnded:
      return true;  // its first report may be waiting to be stepped
    case Kind::kRefused:
      return !sessions_.SoleClientAt(note.address).empty();
    case Kind::kReplaced:
    case Kind::kDenied:
      return false;
  }
  return false;
}

void Core::OnBrokerNote(const BrokerNote& note, const Instant& now) {
  if (note.kind == Kind::kConnected) {
    ApplyNews(note.client_id, {News::Kind::kBegan, note.reason, note.address}, now);
  } else if (note.kind == Kind::kEnded) {
    ApplyNews(note.client_id, {News::Kind::kEnded, note.reason}, now);
  } else if (note.kind == Kind::kRefused) {
    ApplyNews(sessions_.SoleClientAt(note.address), {News::Kind::kRefused, note.reason}, now);
  }
}

void Core::ApplyNews(const PrinterId& id, const printer::SessionNews& news, const Instant& now) {
  const printer::Printer* known = world_.printers.Find(id);
  if (known == nullptr || known->registration.enrolment == printer::Enrolment::kRetired) {
    return;
  }
  printer::Printer& printer = world_.printers.Mutable(id);
  Absorb(id, printer::ApplySession(printer, news, ContextAt(now, false, world_.live)), now);
}

// The broker of before may be gone with all its sessions; its successor's log begins anew. So no
// printer is lost by a restart of the broker: those that do not come back are missed by silence.
void Core::OnOutboundDown(const Instant& now) {
  std::vector<PrinterId> ids;
  world_.printers.ForEach([&](const PrinterId& id, const printer::Printer& printer) {
    if (printer.session != printer::SessionState::kUnknown) {
      ids.push_back(id);
    }
  });
  for (const PrinterId& id : ids) {
    ApplyNews(id, {News::Kind::kForgotten}, now);
  }
}

void Core::GiveSuspectsTime(milliseconds patience, const Instant& now) {
  std::vector<PrinterId> ids;
  world_.printers.ForEach([&](const PrinterId& id, const printer::Printer& printer) {
    if (printer.presence == printer::Presence::kSuspect) {
      ids.push_back(id);
    }
  });
  for (const PrinterId& id : ids) {
    printer::Printer& printer = world_.printers.Mutable(id);
    Absorb(id, printer::ApplyPatience(printer, patience, ContextAt(now, false, world_.live)), now);
  }
}

// A printer that this process never heard was not lost now.
void Core::FollowOutage(const PrinterId& id, const printer::Change& change, const Instant& now) {
  const printer::Printer* printer = world_.printers.Find(id);
  if (printer == nullptr || printer->registration.enrolment != printer::Enrolment::kEnrolled) {
    return;
  }
  if (change.went_offline && printer->last_sign_of_life) {
    LosePrinter(outage_.Mutable(), id, now);
  } else if (change.came_online && (outage_.get().on() || !outage_.get().recent.empty())) {
    ReturnPrinter(outage_.Mutable(), id, now);
  }
}

void Core::WatchOutage(const Instant& now) {
  const settings::Fleet& rules = settings_.fleet;
  if (const auto over = OverAt(outage_.get(), rules); over && *over <= now.mono) {
    AddEvent("farm_outage_over", "", OutageJson(outage_.get()), now);
    TellOfOutage(true, now);
    outage_.Mutable() = {};
    return;
  }
  if (!world_.live || !MayBegin(outage_.get(), rules, now)) {
    return;
  }
  int64_t online = 0;
  world_.printers.ForEach([&online](const PrinterId&, const printer::Printer& printer) {
    online += printer.registration.enrolment == printer::Enrolment::kEnrolled && IsThere(printer);
  });
  if (Begin(outage_.Mutable(), online, rules, now)) {
    ++batch_counters_.farm_outages;
    AddEvent("farm_outage", "", OutageJson(outage_.get()), now);
    TellOfOutage(false, now);
  }
}

}  // namespace printfleet::core
