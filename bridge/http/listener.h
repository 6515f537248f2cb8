// Listener: one civetweb context with its workers and its routes. Server's own; see server.h.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/pacer.h"
#include "http/route.h"
#include "http/traffic.h"
#include "settings/settings.h"

struct mg_connection;
struct mg_context;

namespace printfleet::http {

// What the listeners of a server share.
struct Shared {
  explicit Shared(const settings::Http& its_settings)
      : settings(its_settings), brake(its_settings.streams_bytes_per_second_max) {}

  const settings::Http settings;
  Brake brake;
  Traffic traffic;
};

class Listener {
 public:
  Listener(const settings::HttpListener& settings, std::vector<Route> routes, Shared& shared);

  // Waits for what is being answered. Requires: shared.brake was stopped.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Status Start();

  [[nodiscard]] const std::string& address() const { return settings_.address; }

  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  struct Entry {
    explicit Entry(Route its_route) : route(std::move(its_route)) {}

    Route route;
    std::atomic<int> running{0};
  };

  class Admission;

  static void* OnThread(const mg_context* context, int kind);
  static int OnLog(const mg_connection* connection, const char* message);
  static int OnRequest(mg_connection* connection);

  int Serve(mg_connection* connection);
  // Of the routes at the request's path, the one of its method; else nullptr, and `allow` names the
  // methods that there are.
  Entry* Find(const Request& request, std::string& allow) const;

  const settings::HttpListener settings_;
  Shared& shared_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::atomic<int> downloads_{0};
  std::atomic<int> uploads_{0};
  std::atomic<bool> starting_{true};
  std::string start_log_;  // written while starting_, by the thread that starts
  mg_context* context_ = nullptr;
  uint16_t port_ = 0;
};

// "127.0.0.1:8080", "[::1]:8080".
std::string AddressText(const std::string& address, uint16_t port);

}  // namespace printfleet::http
