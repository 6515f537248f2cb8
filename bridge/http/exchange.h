// Exchange: one request of civetweb's and its answer: reads the head, the body, and writes back.
// Listener's own; one thread.
#pragma once

#include <functional>
#include <string>

#include "http/pacer.h"
#include "http/route.h"
#include "http/traffic.h"

struct mg_connection;

namespace printfleet::http {

class Exchange : public Body {
 public:
  Exchange(mg_connection* connection, Traffic& traffic);

  [[nodiscard]] const Request& request() const { return request_; }

  // The request with its body, for a route that takes one.
  const Request& WithBody();

  Result<size_t> Read(std::span<char> into) override;

  // Sends the answer; a source at the pace that `brake` and `bytes_per_second_max` allow. False:
  // the client did not take all of it.
  bool Send(const Answer& answer, Brake& brake, int64_t bytes_per_second_max);

  // Sends a page. Before its last piece, when the rest has its memory back, `before_end` is called:
  // whoever has read a page to its end finds the place free that it took. False likewise.
  bool SendPage(Answer page, const std::function<void()>& before_end);

  // Reads on for a while what the client is still sending: a connection that is closed before would
  // cost it the answer.
  void Drain();

 private:
  bool Write(std::string_view bytes);
  bool SendSource(Source& source, Brake& brake, int64_t bytes_per_second_max);

  mg_connection* connection_;
  Traffic& traffic_;
  Request request_;
  bool wants_continue_ = false;
  bool ended_ = false;  // the body, or the client
  int64_t received_ = 0;
};

}  // namespace printfleet::http
