#include "core/sessions.h"

namespace printfleet::core {
namespace {

template <typename Item>
void AddBounded(std::deque<Item>& items, size_t max, Item item) {
  if (items.size() >= max) {
    items.pop_front();
  }
  items.push_back(std::move(item));
}

void AddDenied(Sessions::Client& client, const std::string& topic) {
  const bool room = client.denied.size() < Sessions::kDeniedTopicsMax;
  const auto found = client.denied.find(topic);
  if (room || found != client.denied.end()) {
    ++client.denied[topic];
  }
}

void End(Sessions::Client& client, printer::OfflineReason reason, const Instant& now) {
  if (!client.attempts.empty() && !client.attempts.back().ended_at) {
    client.attempts.back().ended_at = now.wall;
    client.attempts.back().ended = reason;
  }
}

}  // namespace

Sessions::Client& Sessions::ClientOf(const std::string& client_id, bool known) {
  const auto stranger = strangers_.find(client_id);
  if (known) {
    Client& client = printers_[client_id];
    if (stranger != strangers_.end()) {  // it was heard of meanwhile
      client = std::move(stranger->second);
      strangers_.erase(stranger);
      std::erase(strangers_in_order_, client_id);
    }
    return client;
  }
  if (stranger != strangers_.end()) {
    return stranger->second;
  }
  if (strangers_.size() >= kStrangersMax) {
    strangers_.erase(strangers_in_order_.front());
    strangers_in_order_.pop_front();
  }
  strangers_in_order_.push_back(client_id);
  return strangers_[client_id];
}

void Sessions::Record(const BrokerNote& note, bool known, const Instant& now) {
  switch (note.kind) {
    case BrokerNote::Kind::kConnected: {
      Client& client = ClientOf(note.client_id, known);
      End(client, printer::OfflineReason::kConnectionLost, now);  // one session at a time
      AddBounded(client.attempts, kAttemptsMax,
                 Attempt{now.wall, note.address, note.user, note.protocol, note.keep_alive_s,
                         std::nullopt, printer::OfflineReason::kNone});
      Learn(note.client_id, note.address);
      break;
    }
    case BrokerNote::Kind::kReplaced:
      ++ClientOf(note.client_id, known).replaced;
      break;
    case BrokerNote::Kind::kEnded:
      End(ClientOf(note.client_id, known), note.reason, now);
      break;
    case BrokerNote::Kind::kRefused:
      ++refused_total_[std::string(printer::Name(note.reason))];
      AddBounded(refusals_, kRefusalsMax,
                 Refusal{now.wall, note.address, note.reason, note.detail});
      break;
    case BrokerNote::Kind::kDenied:
      ++denied_total_;
      if (!note.client_id.empty()) {
        AddDenied(ClientOf(note.client_id, known), note.detail);
      }
      break;
  }
}

const Sessions::Client* Sessions::Find(const std::string& client_id) const {
  for (const auto* clients : {&printers_, &strangers_}) {
    if (const auto found = clients->find(client_id); found != clients->end()) {
      return &found->second;
    }
  }
  return nullptr;
}

void Sessions::Learn(const std::string& client_id, const std::string& address) {
  if (address.empty() || (client_at_.size() >= kAddressesMax && !client_at_.contains(address))) {
    return;
  }
  const auto [entry, inserted] = client_at_.try_emplace(address, client_id);
  if (!inserted && entry->second != client_id) {
    entry->second.clear();
  }
}

std::string Sessions::SoleClientAt(const std::string& address) const {
  const auto found = client_at_.find(address);
  return found == client_at_.end() ? "" : found->second;
}

}  // namespace printfleet::core
