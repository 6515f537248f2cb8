// Route: one path of the HTTP server and who answers it; the request, its body, and the answer.
//
// Nothing here is a whole file in memory: a body comes by Body, and goes by Source.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace printfleet::http {

// What a client sends behind the head of its request.
class Body {
 public:
  virtual ~Body() = default;

  // Waits for bytes and puts them at the front of `into`; 0 at the end of the body. kTimeout: the
  // client stalls; kUnavailable: it is gone. (Where it waits for "100 Continue", it gets that now.)
  virtual Result<size_t> Read(std::span<char> into) = 0;
};

// What is sent behind the head of an answer, piece by piece. Used by one thread.
class Source {
 public:
  virtual ~Source() = default;

  [[nodiscard]] virtual int64_t size() const = 0;

  // At least one byte, as long as fewer than size() were read.
  virtual Result<size_t> Read(std::span<char> into) = 0;

  // So many bytes more are with the kernel, on their way to the client.
  virtual void Sent(size_t bytes) = 0;
};

struct Request {
  bool head = false;        // the answer's body is not sent, its length is
  std::string_view path;    // decoded, without "..", without query
  std::string_view query;   // "" for none
  std::string_view method;  // "GET", "PUT", …
  // Decoded as it came: differs from `path` where a client tries to leave a folder.
  std::string_view raw_path;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::optional<int64_t> content_length;  // of the body; nullopt: not said, or chunked
  bool chunked = false;
  Body* body = nullptr;  // of routes with Load::kUpload

  // The first header of this name, in any case; "" for none.
  [[nodiscard]] std::string_view Header(std::string_view name) const;
};

struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};  // others than the usual ones
  std::shared_ptr<Source> source{};                            // instead of `body`
};

// Called on the server's threads, several at a time; may block only as long as it computes, or on
// its Body.
using Handler = std::function<Answer(const Request& request)>;

// What a request costs, and so which limit it counts against: downloads and uploads never take the
// workers of the pages.
enum class Load { kPage, kDownload, kUpload };

struct Route {
  std::string path;  // exactly this one, or all below where it is a `prefix`
  Handler handler;
  // Beyond this many at a time a request gets 503. A route that is slow by nature takes less than
  // there are workers, so that the others are always answered. 0: no limit.
  int concurrent_max = 0;
  std::string method = "GET";  // that is HEAD, too
  bool prefix = false;         // `path` ends with "/"
  Load load = Load::kPage;
};

// Of ASCII letters, as the names of headers are.
bool EqualsInAnyCase(std::string_view a, std::string_view b);

// {"error": message}
Answer ErrorAnswer(int status, std::string_view message);

}  // namespace printfleet::http
