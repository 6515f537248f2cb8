// TCP ports: is one free, who holds it, which one shall we take. Looks at the system, keeps
// nothing. No threads.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace printfleet::broker {

// Whether a server run as `run_as_root` ? root : somebody else could listen on address:port now.
// kConflict: in use, with the program that holds it as far as it can be seen and what to do;
// kInvalid: the address is none of this machine's; kRejected: below the system's first
// unprivileged port.
Status CheckPort(const std::string& address, uint16_t port, bool run_as_root);

// A port of `address` that is free now.
Result<uint16_t> FreePort(const std::string& address);

}  // namespace printfleet::broker
