#include "tests/sim/simulation.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace printfleet::sim {
namespace {

constexpr std::string_view kPublic = "anycubic/anycubicCloud/v1/printer/public/";
constexpr std::string_view kServer = "anycubic/anycubicCloud/v1/server/printer/";
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kQuietMaxMs = 240 * kMinuteMs;  // longer than any command may take
constexpr int kTurnsAtOnceMax = 100'000;
constexpr size_t kMsgidsMax = 500;
constexpr uint64_t kCompareEvery = 4000;  // steps

}  // namespace

Simulation::Simulation(const Setup& setup)
    : setup_(setup),
      random_(setup.seed),
      around_{clock_,
              random_,
              trouble_,
              [this](int64_t ms, std::function<void()> then) { After(ms, std::move(then)); },
              [this](const Printer& printer, const std::string& type, const std::string& payload) {
                FromPrinter(printer, type, payload);
              },
              [this] { return msgids_.empty() ? "" : msgids_[random_.Below(msgids_.size())]; }} {
  settings_.fleet.enrolment = settings::Enrolment::kAuto;
  settings_.commands.max_in_flight = static_cast<int>(random_.Between(5, 60));
  settings_.inbound.hold_time = milliseconds(random_.Between(100, 15'000));
  users_["ann"] = {"ann", settings::Role::kOperator, "$7$"};
  users_["bob"] = {"bob", settings::Role::kOperator, "$7$"};
  std::vector<std::string> names;
  for (int i = 0; i < setup.printers; ++i) {
    printers_.push_back(std::make_unique<Printer>(i, around_));
    by_id_[printers_.back()->id()] = printers_.back().get();
    names.push_back(printers_.back()->id());
  }
  Bridge::Hooks hooks;
  hooks.publish = [this](const core::Publish& publish) { OnPublish(publish); };
  hooks.stepped = [this] { checker_->OnStepped(); };
  hooks.stored = [this](const core::Rows& rows) { checker_->OnStored(rows); };
  hooks.merged = [this] { checker_->OnMerged(); };
  hooks.dropped = [this] { checker_->OnDropped(); };
  if (setup.publishes_early) {
    hooks.sealed = [this](const core::Effects& effects) {
      std::ranges::for_each(effects.publishes, [this](const auto& each) { OnPublish(each); });
    };
  }
  bridge_ = std::make_unique<Bridge>(settings_, users_, clock_, setup.seed, std::move(hooks));
  checker_ = std::make_unique<Checker>(*bridge_, settings_, clock_, by_id_);
  operators_ = std::make_unique<Operators>(clock_, random_, std::move(names));
}

Outcome Simulation::Run() {
  bridge_->SessionsUp();
  for (size_t i = 0; i < printers_.size(); ++i) {
    After(random_.Between(10, 20'000), [this, i] {
      printers_[i]->SwitchOn();
      PrinterLives(i);
    });
  }
  After(30'000, [this] { OperatorActs(); });
  After(60'000, [this] { NetworkBreaks(); });
  const int64_t begin_ms = clock_.ms;
  RunUntil(begin_ms + setup_.minutes * kMinuteMs, false);
  trouble_ = false;
  if (!bridge_->alive()) {
    Revive();
  }
  bridge_->StoreBack();
  RunUntil(clock_.ms + kQuietMaxMs, true);
  if (checker_->violation().empty()) {
    checker_->CheckAllDone();
    checker_->CompareAll();
  }
  return {checker_->violation(),  clock_.ms - begin_ms, checker_->steps(), checker_->commands(),
          checker_->executions(), checker_->messages(), deaths_,           bridge_->spooled()};
}

void Simulation::RunUntil(int64_t end_ms, bool until_done) {
  int turns = 0;
  int64_t check_done_ms = clock_.ms;
  while (checker_->violation().empty()) {
    while (!later_.empty() && later_.begin()->first.first <= clock_.ms) {
      const auto run = std::move(later_.begin()->second);
      later_.erase(later_.begin());
      run();
    }
    Turn();
    int64_t next = bridge_->NextDeadline().value_or(MonoTime::max()).time_since_epoch().count();
    if (!later_.empty()) {
      next = std::min(next, later_.begin()->first.first);
    }
    if (next > end_ms) {
      clock_.ms = end_ms;
      return;
    }
    turns = next > clock_.ms ? 0 : turns + 1;
    CHECK(turns < kTurnsAtOnceMax);
    clock_.ms = std::max(clock_.ms, next);
    if (until_done && clock_.ms >= check_done_ms) {
      check_done_ms = clock_.ms + 1'000;
      if (bridge_->alive() && bridge_->up() && !bridge_->away() && checker_->AllDone()) {
        return;
      }
    }
  }
}

// -- The process and its store --

void Simulation::Turn() {
  if (!bridge_->alive()) {
    return;
  }
  AnswerQuestions();
  bridge_->SetBatchMax(random_.Chance(0.5) ? 1 : 1 + random_.Below(40));
  if (!bridge_->Turn()) {
    return;
  }
  const int64_t latency = random_.Chance(0.02) ? random_.Between(20, 300) : random_.Between(1, 5);
  After(latency, [this, process = process_] {
    if (process == process_ && bridge_->committing()) {
      Finish();
    }
  });
}

Fate Simulation::ChooseFate() {
  if (!trouble_) {
    return Fate::kStored;
  }
  const double per_batch = 1.0 / static_cast<double>(40 * printers_.size() + 1000);
  if (!random_.Chance(per_batch * 5)) {
    return Fate::kStored;
  }
  constexpr std::array kFates{Fate::kDiesUnstored, Fate::kDiesStored, Fate::kAway,
                              Fate::kDoubtStored, Fate::kDoubtLost};
  return kFates[random_.Below(kFates.size())];
}

void Simulation::Finish() {
  const Fate fate = ChooseFate();
  bridge_->Finish(fate);
  if (!bridge_->alive()) {
    ++deaths_;
    ++process_;
    After(random_.Chance(0.2) ? random_.Between(20'000, 120'000) : random_.Between(200, 5'000),
          [this] { Revive(); });
  } else if (bridge_->away()) {
    After(random_.Between(100, 20'000), [this] { bridge_->StoreBack(); });
  }
  if (checker_->steps() % kCompareEvery == 0 && bridge_->alive() && !bridge_->away() &&
      !bridge_->committing() && !bridge_->core().stepped()) {
    checker_->CompareAll();
    checker_->CheckReports();
  }
}

void Simulation::Revive() {
  if (bridge_->alive()) {
    return;
  }
  bridge_->Start();
  checker_->OnStarted();
  After(random_.Between(10, 2'000), [this, process = process_] {
    if (process == process_ && !bridge_->up()) {
      bridge_->SessionsUp();
    }
  });
}

void Simulation::AnswerQuestions() {
  for (const fleet::Question& question : bridge_->TakeQuestions()) {
    bridge_->Answer({question, !bridge_->away(), {}, "away"});
  }
}

// -- The network --

void Simulation::OnPublish(const core::Publish& publish) {
  checker_->OnPublish(publish);
  if (!publish.topic.starts_with(kServer)) {
    return;
  }
  using Result = core::Published::Result;
  if (trouble_ && random_.Chance(0.005)) {
    checker_->OnRefused(publish);
    After(random_.Between(1, 3'000), [this, publish] { Confirm(publish, Result::kNotSent); });
    return;
  }
  const bool unknown = trouble_ && random_.Chance(0.005);
  After(random_.Between(1, 5), [this, publish, unknown, process = process_] {
    if (process != process_ && random_.Chance(0.5)) {
      return;  // it died with it in its hands
    }
    Confirm(publish, unknown ? Result::kUnknown : Result::kTaken);
    if (!unknown || random_.Chance(0.5)) {
      Deliver(publish);
    }
  });
}

void Simulation::Confirm(const core::Publish& publish, core::Published::Result result) {
  if (bridge_->alive() && publish.token != 0) {
    bridge_->Confirm(publish, result);
  }
}

void Simulation::Deliver(const core::Publish& publish) {
  const std::string_view rest = std::string_view(publish.topic).substr(kServer.size());
  const std::string_view id = rest.substr(rest.find('/') + 1);
  const auto found = by_id_.find(std::string(id.substr(0, id.find('/'))));
  if (found == by_id_.end()) {
    return;
  }
  Printer& printer = *found->second;
  const int64_t expires_ms = clock_.ms + int64_t{publish.expiry_s.value_or(3600)} * 1000;
  if (!printer.there()) {
    waiting_[printer.id()].emplace_back(publish, expires_ms);
    return;
  }
  if (trouble_ && random_.Chance(0.01)) {
    return;  // into a connection that was gone
  }
  const int copies = trouble_ && random_.Chance(0.01) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    const int64_t delay =
        trouble_ && random_.Chance(0.05) ? random_.Between(100, 4'000) : random_.Between(2, 40);
    After(delay, [this, &printer, publish] {
      if (!printer.there()) {
        return;
      }
      json::Parser parser;
      const auto payload = parser.Parse(publish.payload, {});
      CHECK(payload.ok());
      msgids_.emplace_back((*payload)["msgid"].String().value_or(""));
      if (msgids_.size() > kMsgidsMax) {
        msgids_.erase(msgids_.begin(), msgids_.begin() + kMsgidsMax / 2);
      }
      checker_->OnHeard(publish);
      printer.Hear(publish.payload);
    });
  }
}

void Simulation::FromPrinter(const Printer& printer, const std::string& type,
                             const std::string& payload) {
  if (trouble_ && random_.Chance(0.01)) {
    return;
  }
  const std::string topic =
      std::string(kPublic) + printer.model_id() + "/" + printer.id() + "/" + type + "/report";
  const int copies = trouble_ && random_.Chance(0.01) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    const int64_t delay =
        trouble_ && random_.Chance(0.05) ? random_.Between(100, 4'000) : random_.Between(2, 40);
    After(delay,
          [this, topic, payload] { bridge_->Publish({.topic = topic, .payload = payload}); });
  }
}

// What waited at the broker comes, if it has not expired.
void Simulation::Reconnect(Printer& printer) {
  printer.SwitchOn();
  for (const auto& [publish, expires_ms] : std::exchange(waiting_[printer.id()], {})) {
    if (expires_ms > clock_.ms) {
      Deliver(publish);
    }
  }
}

// -- Again and again --

void Simulation::PrinterLives(size_t index) {
  Printer& printer = *printers_[index];
  printer.Live();
  if (trouble_ && printer.there() && random_.Chance(0.01)) {
    printer.Leave(random_.Chance(0.5));
    After(random_.Between(2'000, 200'000), [this, &printer] { Reconnect(printer); });
  } else if (printer.there() && waiting_.contains(printer.id())) {
    waiting_.erase(printer.id());  // after a reboot of its own: a new session
  }
  After(random_.Between(30'000, 70'000), [this, index] { PrinterLives(index); });
}

void Simulation::OperatorActs() {
  if (!trouble_) {
    return;
  }
  for (Operators::Sent& sent : operators_->Next()) {
    sent.asked.heard = bridge_->up();
    checker_->OnAsked(sent.asked);
    bridge_->Publish(std::move(sent.inbound));
  }
  const int64_t mean_ms = kMinuteMs / setup_.requests_per_minute;
  After(random_.Between(1, 2 * mean_ms), [this] { OperatorActs(); });
}

// The bridge's links go, or the store does.
void Simulation::NetworkBreaks() {
  if (!trouble_) {
    return;
  }
  if (bridge_->alive() && bridge_->up() && random_.Chance(0.3)) {
    bridge_->SessionsDown();
    After(random_.Chance(0.3) ? random_.Between(60'000, 100'000) : random_.Between(100, 15'000),
          [this, process = process_] {
            if (process == process_ && bridge_->alive() && !bridge_->up()) {
              bridge_->SessionsUp();
            }
          });
  } else if (!bridge_->committing() && random_.Chance(0.2)) {
    bridge_->StoreAway();
    After(random_.Between(100, 30'000), [this] { bridge_->StoreBack(); });
  }
  After(random_.Between(30'000, 300'000), [this] { NetworkBreaks(); });
}

}  // namespace printfleet::sim
