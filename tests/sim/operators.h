// Operators: people and programs who send random requests to a farm: selections of every kind,
// starts and stops, waits, cancels, holds, dry runs, and the same ids again.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "tests/sim/bridge.h"
#include "tests/sim/checker.h"
#include "tests/sim/random.h"

namespace printfleet::sim {

class Operators {
 public:
  // `printers`: names.
  Operators(Clock& clock, Random& random, std::vector<std::string> printers)
      : clock_(clock), random_(random), printers_(std::move(printers)) {}

  // What is sent now: one request, or a dry run and its run.
  struct Sent {
    Inbound inbound;
    Asked asked;
  };

  std::vector<Sent> Next();

 private:
  struct Verb {
    std::string command;
    std::string target;   // JSON, "" for none
    std::string args;     // JSON
    std::string options;  // members of it, each with a comma before
    std::string author = "ann";
  };

  Verb Choose();
  Verb ChooseForPrinters();
  Verb ChooseForFleet();
  std::string Target();
  std::string OnePrinter();
  std::string Options();
  std::string NewId();
  Sent Make(const Verb& verb, const std::string& id, const std::string& more_options);
  Sent Again();

  [[nodiscard]] std::string Any(const std::vector<std::string>& words) {
    return words[random_.Below(words.size())];
  }

  Clock& clock_;
  Random& random_;
  std::vector<std::string> printers_;
  std::deque<Sent> past_;
  uint64_t ids_ = 0;
};

}  // namespace printfleet::sim
