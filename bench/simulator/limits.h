// How many descriptors this process may have.
#pragma once

#include <cstddef>

namespace printfleet::simulator {

// Raises the limit on open files as far as it may, towards `wanted`; returns what it is now.
std::size_t RaiseDescriptorLimit(std::size_t wanted);

}  // namespace printfleet::simulator
