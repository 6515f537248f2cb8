#include "clients.h"

#include <poll.h>

#include <utility>

#include "base/check.h"

namespace printfleet::mqtt {
namespace {

constexpr milliseconds kPatience{15000};

short Events(bool read, bool write) {
  return static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
}

}  // namespace

void Reader::ComeUp() {
  connected = false;
  CHECK(inbound.Connect(Now()).ok());
  CHECK(Until([this] { return inbound.up(); }));
}

void Reader::Turn(milliseconds timeout) {
  const bool wants = inbound.wants_read() || inbound.wants_write();
  pollfd entry{wants ? inbound.fd() : -1, Events(inbound.wants_read(), inbound.wants_write()), 0};
  const bool buffered = inbound.buffered();
  poll(&entry, 1, buffered ? 0 : static_cast<int>(timeout.count()));
  if ((entry.revents & POLLOUT) != 0) {
    Keep(inbound.OnWritable(Now()));
  }
  if ((buffered || (entry.revents & ~POLLOUT) != 0) && !inbound.closed()) {
    Keep(inbound.OnReadable(Now(), messages_max, 1 << 30, ingest_seq));
  }
}

bool Reader::Until(const std::function<bool()>& condition) {
  const MonoTime deadline = Now().mono + kPatience;
  while (!condition()) {
    if (Now().mono >= deadline) {
      return false;
    }
    Turn();
  }
  return true;
}

bool Reader::UntilMessages(size_t count) {
  return Until([&] { return messages.size() >= count; });
}

bool Reader::Silent() const {
  pollfd entry{inbound.fd(), POLLIN, 0};
  return poll(&entry, 1, 300) == 0;
}

void Reader::Release() {
  Keep(inbound.Release(Now()));
  CHECK(Until([this] { return !inbound.flushing(); }));
}

void Reader::Keep(Inbound::Progress progress) {
  connected = connected || progress.connected;
  if (progress.connected) {
    session_present = progress.session_present;
  }
  for (core::Message& message : progress.messages) {
    messages.push_back(std::move(message));
  }
  if (progress.down) {
    down = *progress.down;
  }
}

std::vector<std::string> Reader::Payloads() const {
  std::vector<std::string> payloads;
  payloads.reserve(messages.size());
  for (const core::Message& message : messages) {
    payloads.push_back(message.payload.text());
  }
  return payloads;
}

void Writer::ComeUp() {
  CHECK(outbound.Connect(Now()).ok());
  CHECK(Until([this] { return outbound.up(); }));
}

void Writer::Turn(milliseconds timeout) {
  Keep(outbound.Pump(Now()));
  pollfd entry{outbound.fd(), Events(true, outbound.wants_write()), 0};
  poll(&entry, 1, static_cast<int>(timeout.count()));
  if ((entry.revents & POLLOUT) != 0) {
    Keep(outbound.OnWritable(Now()));
  }
  if ((entry.revents & ~POLLOUT) != 0 && !outbound.closed()) {
    Keep(outbound.OnReadable(Now()));
  }
}

bool Writer::Until(const std::function<bool()>& condition) {
  const MonoTime deadline = Now().mono + kPatience;
  while (!condition()) {
    if (Now().mono >= deadline) {
      return false;
    }
    Turn();
  }
  return true;
}

void Writer::Keep(Outbound::Progress progress) {
  published.insert(published.end(), progress.published.begin(), progress.published.end());
  if (progress.down) {
    down = *progress.down;
  }
}

SessionConfig ReportsSession(const std::string& client_id) {
  SessionConfig config;
  config.client_id = client_id;
  config.filters = {"reports/#"};
  return config;
}

OutboundConfig TestOutbound(const std::string& client_id) {
  OutboundConfig config;
  config.client_id = client_id;
  config.bridge_topic = "bridge/" + client_id;
  config.will_payload = "offline";
  return config;
}

core::Publish Text(const std::string& topic, const std::string& payload,
                   fleet::PublishToken token) {
  core::Publish message;
  message.topic = topic;
  message.payload = payload;
  message.token = token;
  return message;
}

void PublishNumbers(const Broker& broker, const std::string& topic, int count) {
  Writer writer(broker.address(), TestOutbound("test-numbers"));
  writer.ComeUp();
  for (int i = 0; i < count; ++i) {
    writer.outbound.Enqueue(Text(topic, std::to_string(i), static_cast<fleet::PublishToken>(i) + 1),
                            Now());
  }
  CHECK(writer.Until([&] { return writer.published.size() == static_cast<size_t>(count); }));
  for (const core::Published& published : writer.published) {
    CHECK(published.ok);
  }
  writer.outbound.Close();
}

std::vector<std::string> Numbers(int count) {
  std::vector<std::string> numbers;
  numbers.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    numbers.push_back(std::to_string(i));
  }
  return numbers;
}

}  // namespace printfleet::mqtt
