#include "http/exchange.h"

#include <civetweb.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/text.h"

namespace printfleet::http {
namespace {

constexpr int64_t kChunkBytesMax = 64 << 10;
constexpr int64_t kChunkBytesMin = 1 << 10;
constexpr int64_t kChunksPerSecond = 8;
constexpr size_t kWriteBytesMax = 1 << 20;
constexpr size_t kPageEndBytes = 16 << 10;
constexpr int64_t kDrainBytesMax = 64 << 20;
constexpr std::chrono::seconds kDrainTime{10};

std::string HeadText(const mg_connection* connection, const Answer& answer) {
  const int64_t length =
      answer.source ? answer.source->size() : static_cast<int64_t>(answer.body.size());
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " +
                     mg_get_response_code_text(connection, answer.status) + "\r\n";
  head += "Content-Type: " + answer.content_type + "\r\n";
  head += "Content-Length: " + std::to_string(length) + "\r\n";
  head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n";
  for (const auto& [name, value] : answer.headers) {
    head += name + ": " + value + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace

Exchange::Exchange(mg_connection* connection, Traffic& traffic)
    : connection_(connection), traffic_(traffic) {
  const mg_request_info* info = mg_get_request_info(connection);
  const auto text = [](const char* value) { return value != nullptr ? value : ""; };
  request_.method = text(info->request_method);
  request_.head = request_.method == "HEAD";
  request_.path = text(info->local_uri);
  request_.raw_path = text(info->local_uri_raw);
  request_.query = text(info->query_string);
  for (int i = 0; i < info->num_headers; ++i) {
    request_.headers.emplace_back(text(info->http_headers[i].name),
                                  text(info->http_headers[i].value));
  }
  request_.chunked = !request_.Header("Transfer-Encoding").empty();
  if (!request_.chunked && !request_.Header("Content-Length").empty()) {
    request_.content_length = std::max<int64_t>(info->content_length, 0);
  }
  wants_continue_ = EqualsInAnyCase(request_.Header("Expect"), "100-continue");
}

const Request& Exchange::WithBody() {
  request_.body = this;
  return request_;
}

Result<size_t> Exchange::Read(std::span<char> into) {
  if (std::exchange(wants_continue_, false) && !Write("HTTP/1.1 100 Continue\r\n\r\n")) {
    ended_ = true;
    return Error{Errc::kUnavailable, "the client is gone"};
  }
  const bool all = request_.content_length && received_ >= *request_.content_length;
  if (ended_ || all || (!request_.chunked && !request_.content_length)) {
    ended_ = true;
    return size_t{0};
  }
  const int got = mg_read(connection_, into.data(), std::min(into.size(), kWriteBytesMax));
  if (got > 0) {
    received_ += got;
    traffic_.bytes_received += got;
    return static_cast<size_t>(got);
  }
  ended_ = true;
  if (got < 0 || request_.content_length) {
    return Error{Errc::kTimeout, "the connection stalled or ended after " +
                                     std::to_string(received_) + " bytes of the file"};
  }
  return size_t{0};  // the last chunk
}

bool Exchange::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t part = std::min(bytes.size(), kWriteBytesMax);
    if (mg_write(connection_, bytes.data(), part) != static_cast<int>(part)) {
      return false;
    }
    bytes.remove_prefix(part);
  }
  return true;
}

bool Exchange::Send(const Answer& answer, Brake& brake, int64_t bytes_per_second_max) {
  if (!Write(HeadText(connection_, answer))) {
    return false;
  }
  if (request_.head) {
    return true;
  }
  return answer.source ? SendSource(*answer.source, brake, bytes_per_second_max)
                       : Write(answer.body);
}

bool Exchange::SendPage(Answer page, const std::function<void()>& before_end) {
  if (!Write(HeadText(connection_, page))) {
    return false;
  }
  if (request_.head) {
    return true;
  }
  const size_t begin = page.body.size() - std::min(page.body.size(), kPageEndBytes);
  if (!Write(std::string_view(page.body).substr(0, begin))) {
    return false;
  }
  const std::string end = page.body.substr(begin);
  std::string().swap(page.body);
  before_end();
  return Write(end);
}

bool Exchange::SendSource(Source& source, Brake& brake, int64_t bytes_per_second_max) {
  const int64_t chunk =
      bytes_per_second_max == 0
          ? kChunkBytesMax
          : std::clamp(bytes_per_second_max / kChunksPerSecond, kChunkBytesMin, kChunkBytesMax);
  std::vector<char> buffer(static_cast<size_t>(chunk));
  Pacer pace(bytes_per_second_max);
  for (int64_t left = source.size(); left > 0;) {
    const auto read =
        source.Read(std::span(buffer).first(static_cast<size_t>(std::min(left, chunk))));
    if (!read.ok() || *read == 0) {
      // The length is said already: all that is left is to break off.
      LogError("http", "a file could not be read to its end",
               {{"error", read.ok() ? "it is shorter than it was" : read.error().message}});
      return false;
    }
    if (!brake.Wait(pace, static_cast<int64_t>(*read))) {
      return false;
    }
    const int written = mg_write(connection_, buffer.data(), *read);
    if (written > 0) {
      traffic_.bytes_sent += written;
      source.Sent(static_cast<size_t>(written));
      left -= written;
    }
    if (written != static_cast<int>(*read)) {
      return false;
    }
  }
  return true;
}

void Exchange::Drain() {
  // Who waits for "100 Continue" and has got an answer sends nothing.
  if (wants_continue_) {
    return;
  }
  std::vector<char> buffer(kChunkBytesMax);
  const SteadyTime until = std::chrono::steady_clock::now() + kDrainTime;
  const int64_t first = received_;
  while (received_ - first < kDrainBytesMax && std::chrono::steady_clock::now() < until) {
    const auto read = Read(buffer);
    if (!read.ok() || *read == 0) {
      return;
    }
  }
}

}  // namespace printfleet::http
