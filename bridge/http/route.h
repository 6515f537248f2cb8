// Route: one path of the HTTP server and who answers it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace printfleet::http {

struct Request {
  bool head = false;       // the answer's body is not sent, its length is
  std::string_view path;   // decoded, without query
  std::string_view query;  // "" for none
};

struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Called on the server's threads, several at a time; may block only as long as it computes.
using Handler = std::function<Answer(const Request& request)>;

struct Route {
  std::string path;  // exactly this one
  Handler handler;
  // Beyond this many at a time a request gets 503. A route that is slow by nature (downloads) takes
  // less than there are workers, so that the others are always answered. 0: no limit.
  int concurrent_max = 0;
};

// {"error": message}
Answer ErrorAnswer(int status, std::string_view message);

}  // namespace printfleet::http
