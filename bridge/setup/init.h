// `printfleet init`: a configuration that works, the farm's authority, the broker's certificate and
// a first user. Looks at everything before it writes anything.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "setup/plan.h"

namespace printfleet::setup {

// IP addresses of this machine, without loopback and link-local ones; IPv4 first.
std::vector<std::string> LocalAddresses();

// What is left open in a plan, settled: paths absolute, this machine's address, ports by each
// other, what a takeover suggests. kInvalid when it cannot be.
Result<Plan> Settle(Plan plan);

// Makes and writes it. The result says line by line what was taken over, made, kept, and what to do
// next. Requires a settled plan. kConflict names a file that is in the way: nothing is written
// then. An authority that is there already is used, never replaced.
Result<std::vector<std::string>> Init(const Plan& plan, WallTime now);

}  // namespace printfleet::setup
