// Server: HTTP on the configured listeners, by civetweb, on threads of its own.
//
// Every listener has its own workers and its own routes. A connection serves one request (no keep
// alive), so that an idle client holds no worker; a client that takes or sends nothing for
// http.stall_timeout_s is cut. Downloads and uploads have as many workers more as are let in at a
// time (http.streams_max, http.uploads_max): those of the pages are always left for them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/pages.h"
#include "http/route.h"
#include "http/traffic.h"
#include "settings/settings.h"

namespace printfleet::http {

class Listener;
struct Shared;

class Server {
 public:
  // Listens before it returns. kConflict where a port is taken, kInvalid where an address is not
  // ours or may not be used, with what to do; then nothing listens.
  // `files` are served where a listener has serve: files.
  static Result<std::unique_ptr<Server>> Start(const settings::Http& settings, const Pages& pages,
                                               const std::vector<Route>& files = {});

  // Breaks off downloads; waits for the other requests that are being answered.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:8080" of each listener, in the configuration's order, with the port that port 0 got.
  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::vector<uint16_t> ports() const;

  // Of all listeners; any thread reads.
  [[nodiscard]] const Traffic& traffic() const;

 private:
  explicit Server(const settings::Http& settings);

  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace printfleet::http
