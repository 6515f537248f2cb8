#include "broker/log_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace printfleet::broker {
namespace {

using core::BrokerNote;
using printer::OfflineReason;

constexpr size_t kWaitingMax = 64;
constexpr size_t kClientIdBytesMax = 128;
constexpr std::string_view kNameless = "<unknown>";

bool Take(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) {
    return false;
  }
  rest.remove_prefix(prefix.size());
  return true;
}

bool TakeEnd(std::string_view& rest, std::string_view suffix) {
  if (!rest.ends_with(suffix)) {
    return false;
  }
  rest.remove_suffix(suffix.size());
  return true;
}

// The text before the first `end`, which is taken away with it; nullopt where there is none.
std::optional<std::string_view> TakeUntil(std::string_view& rest, std::string_view end) {
  const size_t at = rest.find(end);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view text = rest.substr(0, at);
  rest.remove_prefix(at + end.size());
  return text;
}

std::optional<int> TakeNumber(std::string_view& rest) {
  int number = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (read.ec != std::errc()) {
    return std::nullopt;
  }
  rest.remove_prefix(static_cast<size_t>(read.ptr - rest.data()));
  return number;
}

std::optional<std::string> TakeClientId(std::string_view& rest) {
  const auto id = TakeUntil(rest, " ");
  return id && !id->empty() && id->size() <= kClientIdBytesMax ? std::optional(std::string(*id))
                                                               : std::nullopt;
}

// "192.0.2.1:4711" or "::1:4711" without the port.
std::string WithoutPort(std::string_view address_and_port) {
  return std::string(address_and_port.substr(0, address_and_port.rfind(':')));
}

std::string_view ProtocolName(int number) {
  return number == 1 ? "3.1" : number == 2 ? "3.1.1" : "5";
}

// "192.0.2.1:4711 as ID (p2, c1, k60, u'USER')."
std::optional<BrokerNote> ReadConnected(std::string_view rest) {
  const auto from = TakeUntil(rest, " as ");
  const auto id = from ? TakeClientId(rest) : std::nullopt;
  if (!id || !Take(rest, "(p")) {
    return std::nullopt;
  }
  const auto protocol = TakeNumber(rest);
  const bool clean = Take(rest, ", c") && TakeNumber(rest) && Take(rest, ", k");
  const auto keep_alive_s = clean ? TakeNumber(rest) : std::nullopt;
  if (!protocol || !keep_alive_s) {
    return std::nullopt;
  }
  const bool named = Take(rest, ", u'");
  if (!TakeEnd(rest, named ? "')." : ").") || (!named && !rest.empty()) ||
      rest.find(" (p") != std::string_view::npos) {
    return std::nullopt;
  }
  BrokerNote note;
  note.kind = BrokerNote::Kind::kConnected;
  note.client_id = *id;
  note.address = *from;
  note.user = rest;
  note.protocol = ProtocolName(*protocol);
  note.keep_alive_s = *keep_alive_s;
  return note;
}

// "ID (d0, q1, r0, m2, 'TOPIC', ... (2 bytes))", of `log_type debug`.
BrokerNote ReadDenied(std::string_view rest) {
  BrokerNote note;
  note.kind = BrokerNote::Kind::kDenied;
  const auto id = TakeClientId(rest);
  const bool begins = id && Take(rest, "(d") && TakeUntil(rest, ", '");
  const auto topic = begins ? TakeUntil(rest, "', ... (") : std::nullopt;
  const bool plain = topic && topic->find_first_of(" '") == std::string_view::npos;
  if (plain && TakeNumber(rest) && rest == " bytes))") {
    note.client_id = *id;
    note.detail = *topic;
  }
  return note;
}

struct Ending {
  std::string_view text;
  OfflineReason reason;
};

// How a line "Client ID …" ends. None of them is the end of another behind a blank.
constexpr std::array kEndings = {
    Ending{"disconnected.", OfflineReason::kDisconnected},
    Ending{"closed its connection.", OfflineReason::kConnectionLost},
    Ending{"has exceeded timeout, disconnecting.", OfflineReason::kTimeout},
    Ending{"disconnected, not authorised.", OfflineReason::kLogin},
    Ending{"disconnected due to malformed packet.", OfflineReason::kProtocolError},
    Ending{"disconnected due to protocol error.", OfflineReason::kProtocolError},
    Ending{"disconnected due to oversize packet.", OfflineReason::kProtocolError},
    Ending{"disconnected due to oversize payload.", OfflineReason::kProtocolError},
    Ending{"disconnected due to QoS not supported.", OfflineReason::kProtocolError},
    Ending{"disconnected: Protocol error.", OfflineReason::kProtocolError},
    // It went before the broker had answered its PUBLISH. Source: eclipse-mosquitto/mosquitto#3253
    Ending{"disconnected due to out of memory.", OfflineReason::kConnectionLost},
    Ending{"disconnected: Connection reset by peer.", OfflineReason::kConnectionLost},
    Ending{"disconnected: Connection timed out.", OfflineReason::kConnectionLost},
    Ending{"disconnected: Broken pipe.", OfflineReason::kConnectionLost},
    Ending{"disconnected: No route to host.", OfflineReason::kConnectionLost},
    Ending{"disconnected: Network is unreachable.", OfflineReason::kConnectionLost},
};

}  // namespace

void LogReader::Accepted(std::string_view address_and_port) {
  if (waiting_.size() >= kWaitingMax) {
    waiting_.pop_front();
  }
  waiting_.emplace_back(address_and_port);
}

void LogReader::Known(std::string_view address_and_port) {
  std::erase(waiting_, address_and_port);
}

// The address, where it is certain: said by the line before, or of the only one that waits.
BrokerNote LogReader::Refused(OfflineReason reason) {
  BrokerNote note;
  note.kind = BrokerNote::Kind::kRefused;
  note.reason = reason;
  note.detail = std::exchange(tls_trouble_, "");
  note.address = std::exchange(refused_address_, "");
  const auto of_address = [&note](const std::string& each) {
    return WithoutPort(each) == note.address;
  };
  if (note.address.empty() && waiting_.size() == 1) {
    note.address = WithoutPort(waiting_.front());
  }
  if (const auto found = std::ranges::find_if(waiting_, of_address); found != waiting_.end()) {
    waiting_.erase(found);
    return note;
  }
  note.address.clear();  // a client's id stood there, or several may be meant
  if (!waiting_.empty()) {
    waiting_.pop_front();
  }
  return note;
}

std::optional<BrokerNote> LogReader::ReadClient(std::string_view rest) {
  const auto id = TakeClientId(rest);
  if (!id) {
    return std::nullopt;
  }
  BrokerNote note;
  note.client_id = *id;
  if (rest == "already connected, closing old connection.") {
    note.kind = BrokerNote::Kind::kReplaced;
    return note;
  }
  const auto* ending = std::ranges::find(kEndings, rest, &Ending::text);
  if (ending == kEndings.end()) {
    return std::nullopt;
  }
  if (*id != kNameless) {
    tls_trouble_.clear();
    note.kind = BrokerNote::Kind::kEnded;
    note.reason = ending->reason;
    return note;
  }
  const bool tls = !tls_trouble_.empty();
  BrokerNote refused = Refused(tls ? OfflineReason::kCertificate : ending->reason);
  const bool tells = tls || ending->reason == OfflineReason::kLogin ||
                     ending->reason == OfflineReason::kProtocolError;
  return tells ? std::optional(std::move(refused)) : std::nullopt;
}

std::optional<BrokerNote> LogReader::Read(std::string_view line) {
  if (Take(line, "New connection from ")) {
    if (const auto from = TakeUntil(line, " on port ")) {
      Accepted(*from);
    }
  } else if (Take(line, "New client connected from ")) {
    auto note = ReadConnected(line);
    if (note) {
      Known(note->address);
      note->address = WithoutPort(note->address);
    }
    return note;
  } else if (Take(line, "Client connection from ")) {
    const auto from = TakeUntil(line, " failed: ");
    if (from && TakeEnd(line, ".")) {
      return BrokerNote{.kind = BrokerNote::Kind::kRefused,
                        .address = std::string(*from),
                        .reason = OfflineReason::kCertificate,
                        .detail = std::string(line)};
    }
  } else if (Take(line, "Client ")) {
    return ReadClient(line);
  } else if (Take(line, "Denied PUBLISH from ")) {
    return ReadDenied(line);
  } else if (Take(line, "OpenSSL Error[")) {
    TakeUntil(line, "]: ");
    tls_trouble_ = line;
  } else if (Take(line, "Sending CONNACK to ")) {
    if (const auto to = TakeUntil(line, " ("); to && !line.ends_with(", 0)")) {
      refused_address_ = *to;
    }
  } else if (line.starts_with("mosquitto version ") && line.ends_with(" starting")) {
    *this = LogReader();
  }
  return std::nullopt;
}

}  // namespace printfleet::broker
