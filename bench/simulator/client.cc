#include "bench/simulator/client.h"

#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "bench/simulator/console.h"

namespace printfleet::simulator {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kPanelFirstMs = 5'000;

bool IsUtf8(const std::string& text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  while (stream.Tell() < text.size()) {
    unsigned codepoint = 0;
    if (!rapidjson::UTF8<>::Decode(stream, &codepoint)) {
      return false;
    }
  }
  return true;
}

std::string HexOf(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace

Client::Client(std::size_t index, Shared& shared)
    : index_(index),
      shared_(shared),
      random_(Mix(shared.options.seed) + index * 3),
      printer_(shared.options.printers[index], shared.options.behaviour,
               Mix(shared.options.seed) + index * 3 + 1, shared.statistics),
      connection_(shared.server, shared.options.session, shared.statistics),
      faults_(shared.options.faults, Mix(shared.options.seed) + index * 3 + 2) {
  const auto silent = static_cast<std::size_t>(std::max(shared.options.silent, 0));
  silent_ = index + silent >= shared.options.printers.size();
}

bool Client::ConnectDue(std::int64_t now_ms) const {
  return wanted_ && connection_.closed() && now_ms >= reconnect_at_ms_;
}

void Client::OpenConnection(std::int64_t now_ms) {
  const Options& options = shared_.options;
  const Identity& identity = printer_.identity();
  Connect connect;
  connect.client_id = identity.id;
  connect.user_name = identity.user_name;
  connect.password = identity.password;
  connect.keep_alive_s = options.session.keep_alive_s;
  connect.clean_session = options.session.clean_session;
  connect.will = Will{PublicTopic(identity, "lastWill/report"),
                      printer_.OnlineReport(false, printer_.NewMsgid(), now_ms), options.will_qos,
                      options.retain_will};
  const auto filters = RequestFilters(identity, options.behaviour.overlapping_filters);
  ++generation_;
  if (!connection_.Open(connect, filters, now_ms)) {
    OnClosed(now_ms);
  }
}

void Client::OnSocket(bool readable, bool writable, std::int64_t now_ms) {
  if (writable) {
    connection_.Write(now_ms, events_);
  }
  if (readable) {
    connection_.OnReadable(now_ms, events_);
  }
  Settle(now_ms);
}

void Client::OnTimer(std::int64_t now_ms) {
  connection_.OnTimer(now_ms, events_);
  printer_.Tick(now_ms);
  while (!delayed_.empty() && delayed_.front().due_ms <= now_ms) {
    SendReport(std::move(delayed_.front().report));
    delayed_.pop_front();
  }
  PanelTick(now_ms);
  Settle(now_ms);
}

void Client::PanelTick(std::int64_t now_ms) {
  if (panel_at_ms_ == 0 || now_ms < panel_at_ms_) {
    return;
  }
  if (printer_.phase() == Phase::kIdle) {
    printer_.PanelStart("panel_" + std::to_string(index_) + ".gcode",
                        random_.Chance(0.5) ? "-1" : "0", now_ms);
  }
  const double pause_s = shared_.options.panel_pause_s;
  panel_at_ms_ = pause_s > 0 ? now_ms + static_cast<std::int64_t>(pause_s * 1000) : 0;
}

void Client::OnFetch(const FetchEvent& event, std::int64_t now_ms) {
  if (!event.done) {
    printer_.FetchProgress(event.token, event.percent, now_ms);
  } else {
    ++(event.result == FetchResult::kOk ? shared_.statistics.fetches_ok
                                        : shared_.statistics.fetches_failed);
    shared_.statistics.fetched_bytes += event.bytes;
    printer_.FetchDone(event.token, event.result, now_ms);
  }
  Settle(now_ms);
}

std::int64_t Client::NextDeadline() const {
  std::int64_t next_ms = std::min(printer_.NextDeadline(), connection_.NextDeadline());
  if (!delayed_.empty()) {
    next_ms = std::min(next_ms, delayed_.front().due_ms);
  }
  if (panel_at_ms_ != 0) {
    next_ms = std::min(next_ms, panel_at_ms_);
  }
  if (wanted_ && connection_.closed() && !notes.connect_queued) {
    next_ms = std::min(next_ms, reconnect_at_ms_);
  }
  return next_ms;
}

void Client::Settle(std::int64_t now_ms) {
  for (;;) {
    Deliver(now_ms);
    if (connection_.online()) {
      connection_.Write(now_ms, events_);
    }
    if (events_.empty()) {
      return;
    }
    for (const ConnectionEvent& event : std::exchange(events_, {})) {
      Apply(event, now_ms);
    }
  }
}

void Client::Apply(const ConnectionEvent& event, std::int64_t now_ms) {
  switch (event.kind) {
    case ConnectionEvent::Kind::kOnline:
      OnOnline(now_ms);
      return;
    case ConnectionEvent::Kind::kReceived:
      OnReceived(event.received, now_ms);
      return;
    case ConnectionEvent::Kind::kAcked:
      if (shared_.ledger.is_open()) {
        const std::string& msgid = event.acked.msgid;
        shared_.ledger.Add((msgid.empty() ? "-" : msgid) + " " + event.acked.topic);
      }
      return;
    case ConnectionEvent::Kind::kClosed:
      // One is enough: the printers of a farm share their files.
      if (event.reason.starts_with("TLS: ") && shared_.statistics.tls_failed++ == 0) {
        PrintLine(stderr, "printer-sim: " + printer_.identity().id + ": " + event.reason);
      }
      OnClosed(now_ms);
      return;
  }
}

void Client::OnOnline(std::int64_t now_ms) {
  const bool first = generation_ == 1;
  was_online_ = true;
  attempts_ = 0;
  ++shared_.statistics.connected;
  ++shared_.statistics.connects;
  if (silent_) {
    return;
  }
  printer_.Connected(now_ms);
  if (first && static_cast<int>(index_) < shared_.options.panel_jobs) {
    panel_at_ms_ = now_ms + random_.Between(1, kPanelFirstMs);
  }
}

void Client::OnReceived(const Publish& publish, std::int64_t now_ms) {
  const Verdict verdict =
      silent_ ? Verdict::kIgnored : printer_.Handle(publish.topic, publish.payload, now_ms);
  CountVerdict(verdict);
  if (shared_.received.is_open()) {
    LogReceived(publish, verdict, now_ms);
  }
}

void Client::CountVerdict(Verdict verdict) {
  Statistics& statistics = shared_.statistics;
  ++statistics.received;
  switch (verdict) {
    case Verdict::kAccepted:
      ++statistics.accepted;
      return;
    case Verdict::kMalformed:
      ++statistics.malformed;
      return;
    case Verdict::kWrongForm:
      ++statistics.wrong_form;
      return;
    case Verdict::kUnknown:
      ++statistics.unknown;
      return;
    case Verdict::kDuplicate:
      ++statistics.duplicate;
      return;
    case Verdict::kIgnored:
      ++statistics.ignored;
      return;
  }
}

void Client::LogReceived(const Publish& publish, Verdict verdict, std::int64_t now_ms) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto text = [&](const char* name, const std::string& value) {
    writer.Key(name);
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  writer.StartObject();
  writer.Key("at_ms");
  writer.Int64(now_ms);
  text("printer_id", printer_.identity().id);
  text("topic", publish.topic);
  text("verdict", VerdictWord(verdict));
  writer.Key("qos");
  writer.Int(publish.qos);
  writer.Key("retain");
  writer.Bool(publish.retain);
  writer.Key("dup");
  writer.Bool(publish.dup);
  if (IsUtf8(publish.payload)) {
    text("payload", publish.payload);
  } else {
    text("payload_hex", HexOf(publish.payload));
  }
  writer.EndObject();
  shared_.received.Add({buffer.GetString(), buffer.GetSize()});
}

void Client::OnClosed(std::int64_t now_ms) {
  ForgetSession();
  const Options& options = shared_.options;
  const double growth = static_cast<double>(1U << static_cast<unsigned>(std::min(attempts_, 16)));
  const double longest =
      std::min<double>(options.reconnect_ms_max, options.reconnect_ms_min * growth);
  ++attempts_;
  reconnect_at_ms_ = now_ms + static_cast<std::int64_t>(longest * (0.5 + 0.5 * random_.Unit())) + 1;
}

void Client::ForgetSession() {
  delayed_.clear();
  printer_.Disconnected();
  if (std::exchange(was_online_, false)) {
    --shared_.statistics.connected;
    ++shared_.statistics.disconnects;
  }
}

void Client::Deliver(std::int64_t now_ms) {
  Effects effects = printer_.TakeEffects();
  for (OutReport& report : effects.reports) {
    if (report.is_reply && shared_.options.reply_delay_ms > 0) {
      delayed_.push_back({now_ms + shared_.options.reply_delay_ms, std::move(report)});
    } else {
      SendReport(std::move(report));
    }
  }
  if (effects.cancel_fetch != 0) {
    shared_.fetch.Cancel(index_, effects.cancel_fetch);
  }
  if (effects.fetch.token != 0) {
    shared_.fetch.Submit(index_, effects.fetch);
  }
  if (effects.reboot_ms) {
    connection_.Write(now_ms, events_);
    connection_.Cut();
    ForgetSession();
    wanted_ = wanted_ && *effects.reboot_ms >= 0;
    reconnect_at_ms_ = now_ms + std::max<std::int64_t>(*effects.reboot_ms, 0);
  }
}

void Client::SendReport(OutReport report) {
  if (silent_ || !connection_.online()) {
    ++shared_.statistics.discarded;
    return;
  }
  scratch_.clear();
  faults_.Apply(std::move(report), scratch_);
  for (OutReport& out : scratch_) {
    connection_.Send({PublicTopic(printer_.identity(), out.tail), std::move(out.payload),
                      std::move(out.msgid), 0, false});
  }
}

bool Client::SendLoad(std::int64_t now_ms) {
  if (silent_ || !connection_.online() || !connection_.has_room()) {
    return false;
  }
  SendReport(printer_.LoadReport(shared_.options.payload_bytes, now_ms));
  Settle(now_ms);
  return true;
}

void Client::SendGarbage(std::int64_t now_ms) {
  OutReport garbage = faults_.Garbage();
  if (connection_.online()) {
    connection_.Send(
        {PublicTopic(printer_.identity(), garbage.tail), std::move(garbage.payload), "", 0, false});
  }
  Settle(now_ms);
}

void Client::Disconnect(std::int64_t now_ms) {
  Settle(now_ms);
  wanted_ = false;
  connection_.Cut();
  ForgetSession();
}

void Client::Leave(std::int64_t now_ms) {
  Settle(now_ms);
  wanted_ = false;
  connection_.Leave(now_ms, events_);
  Settle(now_ms);
}

void Client::Reconnect(std::int64_t now_ms) {
  wanted_ = true;
  reconnect_at_ms_ = now_ms;
}

}  // namespace printfleet::simulator
