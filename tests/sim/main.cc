// The simulation by hand and as a test: sim --seeds 1..20 --printers 2000 --minutes 60
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "tests/scenario/script.h"
#include "tests/sim/simulation.h"

#ifdef PRINTFLEET_MUTANTS
#include "tests/sim/mutant.h"

int printfleet::chosen_mutant = 0;
#endif

namespace printfleet::sim {
namespace {

constexpr int kPublishesEarly = 24;  // of mutants.txt: a fault of the road, not of the core

struct Arguments {
  Setup setup;
  uint64_t first_seed = 1;
  uint64_t last_seed = 1;
  std::string scenarios;  // a folder: these instead
};

bool Read(std::string_view text, auto& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool ReadSeeds(std::string_view text, Arguments& arguments) {
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    return Read(text, arguments.first_seed) && Read(text, arguments.last_seed);
  }
  return Read(text.substr(0, dots), arguments.first_seed) &&
         Read(text.substr(dots + 2), arguments.last_seed);
}

bool ChooseMutant([[maybe_unused]] std::string_view text, [[maybe_unused]] Arguments& arguments) {
#ifdef PRINTFLEET_MUTANTS
  const bool read = Read(text, chosen_mutant);
  arguments.setup.publishes_early = chosen_mutant == kPublishesEarly;
  return read;
#else
  return false;  // this program has none
#endif
}

bool ReadArguments(int count, char** texts, Arguments& arguments) {
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = texts[i];
    const std::string_view value = i + 1 < count ? texts[i + 1] : "";
    bool read = false;
    if (name == "--scenarios") {
      arguments.scenarios = value;
      read = true;
    } else if (name == "--mutant") {
      read = ChooseMutant(value, arguments);
    } else if (name == "--seeds") {
      read = ReadSeeds(value, arguments);
    } else if (name == "--printers") {
      read = Read(value, arguments.setup.printers);
    } else if (name == "--minutes") {
      read = Read(value, arguments.setup.minutes);
    } else if (name == "--requests") {
      read = Read(value, arguments.setup.requests_per_minute);
    }
    if (!read) {
      return false;
    }
  }
  return true;
}

// All scenarios of a folder, in no order; the first that goes another way than it is written.
int RunScenarios(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt" || entry.path().stem() == "CMakeLists") {
      continue;
    }
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string written(std::istreambuf_iterator<char>(in), {});
    if (scenario::Run(written) != written) {
      std::printf("DIFFERENT: %s\n", entry.path().stem().c_str());
      return 1;
    }
  }
  return 0;
}

int Main(int count, char** texts) {
  Arguments arguments;
  if (!ReadArguments(count, texts, arguments)) {
    std::fprintf(stderr,
                 "sim [--seeds A..B] [--printers N] [--minutes N (of trouble)] [--requests N (a "
                 "minute)] [--scenarios FOLDER]\n");
    return 2;
  }
  if (!arguments.scenarios.empty()) {
    return RunScenarios(arguments.scenarios);
  }
  for (uint64_t seed = arguments.first_seed; seed <= arguments.last_seed; ++seed) {
    arguments.setup.seed = seed;
    const auto begin = std::chrono::steady_clock::now();
    const Outcome outcome = Simulation(arguments.setup).Run();
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf(
        "seed %llu: %d printers, %.1f virtual minutes in %.1f s, %llu steps, %llu commands, "
        "%llu executions, %llu messages, %d deaths, %llu spooled\n",
        static_cast<unsigned long long>(seed), arguments.setup.printers,
        static_cast<double>(outcome.virtual_ms) / 60'000, took,
        static_cast<unsigned long long>(outcome.steps),
        static_cast<unsigned long long>(outcome.commands),
        static_cast<unsigned long long>(outcome.executions),
        static_cast<unsigned long long>(outcome.messages), outcome.deaths,
        static_cast<unsigned long long>(outcome.spooled));
    if (!outcome.violation.empty()) {
      std::printf(
          "VIOLATION: %s\nagain: sim --seeds %llu --printers %d --minutes %lld --requests %d\n",
          outcome.violation.c_str(), static_cast<unsigned long long>(seed),
          arguments.setup.printers, static_cast<long long>(arguments.setup.minutes),
          arguments.setup.requests_per_minute);
      return 1;
    }
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace printfleet::sim

int main(int count, char** texts) {
  return printfleet::sim::Main(count, texts);
}
