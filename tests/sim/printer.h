// Printer: what a printer of the family does with the messages it gets, and says of itself. It
// obeys the wire, and now and then it does not: it answers late, twice, never, for another, or says
// two things. Shares no code with bridge/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "tests/sim/bridge.h"
#include "tests/sim/random.h"

namespace printfleet::sim {

class Printer;

// Where printers live.
struct Surroundings {
  Clock& clock;
  Random& random;
  bool& trouble;  // printers misbehave, the network loses
  std::function<void(int64_t ms, std::function<void()>)> later;
  std::function<void(const Printer&, const std::string& type, std::string payload)> publish;
  std::function<std::string()> any_msgid;  // of a message to some printer
};

class Printer {
 public:
  Printer(int index, Surroundings& around);

  [[nodiscard]] const std::string& id() const { return id_; }

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] const std::string& model_id() const { return model_id_; }

  [[nodiscard]] bool there() const { return there_; }

  // -- What is true of it, whatever anybody believes --
  // Tasks it began to print, files it deleted, and how often each task came to it.
  [[nodiscard]] const std::set<std::string>& begun() const { return begun_; }

  [[nodiscard]] const std::set<std::string>& deleted() const { return deleted_; }

  [[nodiscard]] const std::string& firmware() const { return firmware_; }

  // A message of the broker.
  void Hear(std::string_view payload);

  void SwitchOn();
  // Its connection goes, with or without its will.
  void Leave(bool will);
  // Once in a while: what it says unasked, and what people do at its panel.
  void Live();

 private:
  enum class Work { kIdle, kStarting, kPrinting, kPaused, kUpdating };

  struct Words {
    std::string type;
    std::string action;
    std::string state;
    std::string msgid = {};
    int code = 200;
    std::string data = {};
  };

  void HearPrint(const std::string& action, const std::string& msgid, json::Value data);
  void HearOther(const std::string& type, const std::string& action, const std::string& msgid,
                 json::Value data);
  void Start(const std::string& task, const std::string& msgid);
  void Update(const std::string& version, const std::string& msgid);
  void EndJob(const std::string& word, const std::string& action, const std::string& msgid);
  // As it is, or as trouble has it.
  void Answer(Words words);
  void Say(const Words& words);
  void SayWork(const std::string& msgid);
  void SayVersion(const std::string& msgid);
  [[nodiscard]] std::string JobData() const;
  void After(int64_t ms, std::function<void()> then);

  Surroundings& around_;
  std::string id_;
  std::string name_;
  std::string model_id_;
  std::string firmware_;
  bool there_ = false;
  uint64_t boots_ = 0;  // what was under way before the last is forgotten
  Work work_ = Work::kIdle;
  std::string task_;
  int64_t ends_ms_ = 0;
  int panel_tasks_ = 0;
  uint64_t said_ = 0;
  std::set<std::string> begun_;
  std::set<std::string> deleted_;
};

}  // namespace printfleet::sim
