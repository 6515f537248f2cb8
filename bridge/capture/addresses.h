// Which texts are addresses of a network. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace printfleet::capture {

// Length of the dotted quad that begins at `at`; 0 when none does, or when more numbers follow it.
size_t Ipv4Length(std::string_view text, size_t at);

// The whole of `text`; "::" in it stands for at least one group.
bool IsIpv6(std::string_view text);

// Six pairs of hex digits between ":" or "-".
bool IsMac(std::string_view text);

}  // namespace printfleet::capture
