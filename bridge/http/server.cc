#include "http/server.h"

#include <civetweb.h>

#include <utility>

#include "http/listener.h"

namespace printfleet::http {
namespace {

void StartLibrary() {
  static const unsigned features = mg_init_library(0);
  (void)features;  // we ask for none
}

}  // namespace

Server::Server(const settings::Http& settings) : shared_(std::make_unique<Shared>(settings)) {}

Server::~Server() {
  shared_->brake.Stop();
}

Result<std::unique_ptr<Server>> Server::Start(const settings::Http& settings, const Pages& pages,
                                              const std::vector<Route>& files) {
  StartLibrary();
  std::unique_ptr<Server> server(new Server(settings));  // NOLINT(cppcoreguidelines-owning-memory)
  for (const settings::HttpListener& listener : settings.listeners) {
    std::vector<Route> routes = MakeRoutes(pages, listener.serve_metrics);
    if (listener.serve_files) {
      routes.insert(routes.end(), files.begin(), files.end());
    }
    auto made = std::make_unique<Listener>(listener, std::move(routes), *server->shared_);
    const Status started = made->Start();
    if (!started.ok()) {
      return started.error();
    }
    server->listeners_.push_back(std::move(made));
  }
  return server;
}

const Traffic& Server::traffic() const {
  return shared_->traffic;
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& listener : listeners_) {
    addresses.push_back(AddressText(listener->address(), listener->port()));
  }
  return addresses;
}

std::vector<uint16_t> Server::ports() const {
  std::vector<uint16_t> ports;
  for (const auto& listener : listeners_) {
    ports.push_back(listener->port());
  }
  return ports;
}

}  // namespace printfleet::http
