// Server: HTTP on the configured listeners, by civetweb, on threads of its own.
//
// Every listener has its own workers and its own routes; paths are matched exactly; GET and HEAD
// only. A connection serves one request (no keep alive), so that an idle client holds no worker; a
// client that sends or reads slowly is cut after a time limit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/pages.h"
#include "settings/settings.h"

namespace printfleet::http {

class Server {
 public:
  // Listens before it returns. kConflict where a port is taken, kInvalid where an address is not
  // ours or may not be used, with what to do; then nothing listens.
  static Result<std::unique_ptr<Server>> Start(const settings::Http& settings, const Pages& pages);

  // Waits for requests that are being answered.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:8080" of each listener, in the configuration's order, with the port that port 0 got.
  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::vector<uint16_t> ports() const;

 private:
  class Listener;

  Server();

  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace printfleet::http
