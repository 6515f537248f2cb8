// The table of contents of the program: every event, and the one handler that takes it.
#include "core/core.h"

namespace printfleet::core {
namespace {

template <typename... Handlers>
struct Visitor : Handlers... {
  using Handlers::operator()...;
};

template <typename... Handlers>
Visitor(Handlers...) -> Visitor<Handlers...>;

}  // namespace

void Core::Step(const Event& event, const Instant& now) {
  stepped_ = true;
  std::visit(
      Visitor{
          // A printer's report or an operator's request: reports.cc, requests.cc.
          [&](const Message& message) { OnMessage(message, now); },
          // One that must not be stepped again: to the dead letters.
          [&](const PoisonMessage& poison) { OnPoison(poison, now); },
          // Our own links: what is heard is of now, or is not; links.cc, time.cc.
          [&](const SessionUp& up) { OnSessionUp(up.session, now); },
          [&](const SessionDown& down) { OnSessionDown(down.session, now); },
          [&](const RecentDigests& recent) { duplicates_.SetRecent(recent.digests); },
          // The broker may have lost what it retained for us.
          [&](const OutboundUp&) { OnOutboundUp(); },
          [&](const OutboundDown&) { OnOutboundDown(now); },
          // What the managed broker's log says of a client: broker_notes.cc.
          [&](const BrokerNote& note) { OnBrokerNote(note, now); },
          // A printer's message reached the broker, or did not: fleet/tracker.
          [&](const Published& published) { OnPublished(published, now); },
          // Presence, settling jobs, executions' and commands' deadlines, our questions: time.cc.
          [&](const Tick&) { OnTick(now); },
          [&](const Draining&) { UpdateLive(now); },
          // What was done while the store was away, for the tables.
          [&](const StopRecord& record) { OnStopRecord(record, now); },
          [&](const RefusedRecord& record) { OnRefusedRecord(record, now); },
          // The store's answer to a question of an operator.
          [&](const Answer& answer) { OnAnswer(answer, now); },
          // The library: library.cc.
          [&](const FileStored& stored) { OnFileStored(stored, now); },
          [&](const FileSent& sent) { OnFileSent(sent); },
          // A batch in doubt was committed after its authors had been told `unknown`.
          [&](const CancelUnsent& cancel) { OnCancelUnsent(cancel, now); },
          // What became of a notification; what the daemon said of itself, for the tables: tell.cc.
          [&](const Notified& notified) { OnNotified(notified, now); },
          [&](const BridgeNews& news) { OnBridgeNews(news, now); },
          [&](const ToldDirectly& told) { OnToldDirectly(told, now); },
      },
      event);
}

void Core::OnMessage(const Message& message, const Instant& now) {
  if (message.session == Session::kCommands) {
    OnRequest(message, now);
  } else {
    OnReport(message, now);
  }
}

void Core::OnPoison(const PoisonMessage& poison, const Instant& now) {
  duplicates_.Add(poison.message.digest);
  if (poison.reason == kKnownRequest) {
    OnKnownRequest(poison.message, now);
    return;
  }
  DeadLetter(poison.message, poison.reason, "");
  if (poison.message.session == Session::kCommands) {
    RefusePoison(poison, now);
  }
}

void Core::OnPublished(const Published& published, const Instant& now) {
  fleet::Output output;
  if (published.result == Published::Result::kOvertaken) {
    fleet::HandleOvertaken(world_, rules(), published.execution, now, output);
    Absorb(std::move(output), now);
    return;
  }
  // What may have gone out counts as sent: it must not be sent again.
  const bool sent = published.result != Published::Result::kNotSent;
  fleet::HandlePublished(world_, rules(), published.execution, published.token, sent, now, output);
  Absorb(std::move(output), now);
}

void Core::OnAnswer(const Answer& answer, const Instant& now) {
  fleet::Output output;
  fleet::HandleAnswer(world_, rules(), answer.question, answer.ok, answer.rows, answer.error, now,
                      output);
  Absorb(std::move(output), now);
}

void Core::OnStopRecord(const StopRecord& record, const Instant& now) {
  fleet::Output output;
  fleet::HandleStopRecord(world_, rules(), record.json, now, output);
  Absorb(std::move(output), now);
}

}  // namespace printfleet::core
