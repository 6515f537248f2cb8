// Simulation: a farm of printers that obey the wire, a network that does not obey, operators, and a
// bridge that dies between any two steps; all of it from one seed, in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/bridge.h"
#include "tests/sim/checker.h"
#include "tests/sim/operators.h"
#include "tests/sim/printer.h"
#include "tests/sim/random.h"

namespace printfleet::sim {

struct Setup {
  uint64_t seed = 1;
  int printers = 30;
  int64_t minutes = 60;  // of trouble; then it goes on without, until all is done
  int requests_per_minute = 6;
  bool publishes_early = false;  // the deliberate fault of the daemon's road: before the COMMIT
};

struct Outcome {
  std::string violation;  // "" for none
  int64_t virtual_ms = 0;
  uint64_t steps = 0;
  uint64_t commands = 0;
  uint64_t executions = 0;
  uint64_t messages = 0;
  int deaths = 0;
  uint64_t spooled = 0;  // reports that were in the spool
};

class Simulation {
 public:
  explicit Simulation(const Setup& setup);

  Outcome Run();

 private:
  void After(int64_t ms, std::function<void()> then) {
    later_.emplace(std::pair(clock_.ms + ms, ++order_), std::move(then));
  }

  void RunUntil(int64_t end_ms, bool until_done);
  void Turn();
  void Finish();
  Fate ChooseFate();
  void Revive();

  // The network and the broker.
  void OnPublish(const core::Publish& publish);
  void Confirm(const core::Publish& publish, core::Published::Result result);
  void Deliver(const core::Publish& publish);
  void FromPrinter(const Printer& printer, const std::string& type, const std::string& payload);
  void Reconnect(Printer& printer);

  // Things that come again and again.
  void PrinterLives(size_t index);
  void OperatorActs();
  void NetworkBreaks();

  void AnswerQuestions();

  Setup setup_;
  Clock clock_;
  Random random_;
  bool trouble_ = true;
  settings::Settings settings_;
  settings::Users users_;
  Surroundings around_;
  std::vector<std::unique_ptr<Printer>> printers_;
  std::map<std::string, Printer*> by_id_;
  std::unique_ptr<Bridge> bridge_;
  std::unique_ptr<Checker> checker_;
  std::unique_ptr<Operators> operators_;
  std::map<std::pair<int64_t, uint64_t>, std::function<void()>> later_;
  uint64_t order_ = 0;
  uint64_t process_ = 0;  // which one: what an earlier one waited for is gone
  int deaths_ = 0;
  // At the broker for printers that are away.
  std::map<std::string, std::vector<std::pair<core::Publish, int64_t>>> waiting_;
  std::vector<std::string> msgids_;  // of the last messages to printers
};

}  // namespace printfleet::sim
