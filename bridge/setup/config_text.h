// A first configuration as text, commented as config/farm.yaml is. Pure.
#pragma once

#include <string>

#include "setup/plan.h"

namespace printfleet::setup {

// `text` as a YAML scalar in double quotes: also one line for whatever bytes.
std::string Quoted(const std::string& text);

// Requires: the plan's addresses and ports are settled, `tls` unless plan.plain.
std::string ConfigText(const Plan& plan, const TlsFiles& tls);

}  // namespace printfleet::setup
