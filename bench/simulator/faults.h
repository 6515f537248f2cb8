// What the wire and the firmware do to a report on its way out: repeat, lose, reorder, misspell,
// and plain garbage beside it (protocol.md §8). Seeded, so that a run can be repeated. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/simulator/printer.h"
#include "bench/simulator/random.h"

namespace printfleet::simulator {

struct FaultOptions {
  double duplicate = 0;  // probabilities, per report
  double lose = 0;
  double reorder = 0;
  double misspell = 0;
  double garbage = 0;
  std::size_t garbage_bytes_max = 300'000;
};

class FaultInjector {
 public:
  // `options` must outlive it.
  FaultInjector(const FaultOptions& options, std::uint64_t seed)
      : options_(options), random_(seed) {}

  // Appends to `out` what is sent in place of `report`: nothing, it, or more. A reordered report is
  // held until the next one has gone.
  void Apply(OutReport report, std::vector<OutReport>& out);

  // One piece of garbage.
  OutReport Garbage();

 private:
  const FaultOptions& options_;
  Random random_;
  std::optional<OutReport> held_;
};

// The payload with one of the family's spellings or types; the same payload where none applies.
std::string Misspell(const std::string& payload, Random& random);

}  // namespace printfleet::simulator
