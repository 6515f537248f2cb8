// The managed Mosquitto's configuration text. Pure: no files, no clocks.
//
// Every path in it is relative: Mosquitto is started with data_dir/broker as its working
// directory, so that its user need not be able to enter data_dir's parents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "settings/settings.h"

namespace printfleet::broker {

// Names in data_dir/broker.
inline constexpr const char* kConfigFile = "mosquitto.conf";
inline constexpr const char* kReadySocket = "ready.sock";
inline constexpr const char* kPrivateUser = "printfleet-daemon";
inline constexpr const char* kPrivateAccessFile = "private.acl";
inline constexpr const char* kPrivatePasswordFile = "private.passwords";
inline constexpr const char* kReadyAccessFile = "ready.acl";

// "listener-1.acl" and the like; `index` counts from 0, names from 1.
std::string AccessFile(size_t index);
std::string PasswordFile(size_t index);
std::string TlsFile(size_t index, const std::string& what);  // what: "ca", "cert", "key"

struct ConfigInput {
  const settings::Broker* broker = nullptr;  // ports resolved: no 0 left
  uint16_t private_port = 0;                 // on 127.0.0.1
  std::string run_as;                        // empty: Mosquitto keeps its user
  bool log_denied = false;                   // refused topics too (`log_type debug`: costly)
};

// What is wrong with the listeners, before any port is looked at: login: certificate for people or
// without an authority, login: none for people beyond loopback, a port number used twice, also on
// different addresses (Mosquitto would hand a durable session to the wrong access list after its
// restart). Port 0 stands for "a free one" and never clashes.
Status CheckListeners(const settings::Broker& broker);

// mosquitto.conf. CheckListeners' errors, and kInvalid for a port 0 that was not resolved.
Result<std::string> ConfigText(const ConfigInput& input);

// 127.0.0.0/8, ::1 or "localhost".
bool IsLoopback(const std::string& address);

}  // namespace printfleet::broker
