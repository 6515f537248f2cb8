// One simulated printer under a test's hands: a clock, requests in the right topic form, and the
// reports it gave, parsed.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/simulator/printer.h"

namespace printfleet::simulator {

// A report in the few words that tests compare: "print/start/printing/200".
struct Told {
  std::string tail;
  std::string words;
  std::string payload;
  std::string msgid;

  [[nodiscard]] rapidjson::Document Json() const {
    rapidjson::Document document;
    document.Parse(payload.c_str());
    return document;
  }
};

class PrinterRig {
 public:
  static constexpr const char* kMsgid = "6f2c8f0e-3b1d-4d0e-9c54-2f6a1d3a7b10";

  explicit PrinterRig(Behaviour behaviour = {}, std::string firmware = "3.1.0")
      : behaviour_(behaviour),
        printer_(MakeIdentity({1, 0, "", Models().front(), std::move(firmware)}), behaviour_, 42,
                 statistics_) {
    printer_.Connected(now_ms_);
    Take();
  }

  Printer& printer() { return printer_; }

  Statistics& statistics() { return statistics_; }

  FetchOrder& fetch() { return fetch_; }

  std::optional<std::int64_t>& reboot_ms() { return reboot_ms_; }

  std::uint64_t cancelled() const { return cancelled_; }

  std::int64_t now_ms() const { return now_ms_; }

  // The request's topic in this printer's form.
  std::string Topic(const std::string& type, const std::string& action) const {
    const Identity& identity = printer_.identity();
    std::string topic = "anycubic/anycubicCloud/v1/server/printer/" + identity.model.id + "/" +
                        identity.id + "/" + type;
    return UsesShortTopics(identity.firmware) ? topic : topic + "/" + action;
  }

  static std::string Body(const std::string& type, const std::string& action,
                          const std::string& data) {
    return "{\"type\":\"" + type + "\",\"action\":\"" + action + "\",\"msgid\":\"" + kMsgid +
           "\",\"timestamp\":1705245340137,\"data\":" + data + "}";
  }

  Verdict Ask(const std::string& type, const std::string& action, const std::string& data) {
    verdict_ = printer_.Handle(Topic(type, action), Body(type, action, data), now_ms_);
    return verdict_;
  }

  // The words of all reports since the last call.
  std::vector<std::string> Words() {
    std::vector<std::string> words;
    for (const Told& told : Take()) {
      words.push_back(told.words);
    }
    return words;
  }

  std::vector<std::string> AskWords(const std::string& type, const std::string& action,
                                    const std::string& data) {
    Ask(type, action, data);
    return Words();
  }

  std::vector<Told> Take() {
    Effects effects = printer_.TakeEffects();
    if (effects.fetch.token != 0) {
      fetch_ = effects.fetch;
    }
    if (effects.cancel_fetch != 0) {
      cancelled_ = effects.cancel_fetch;
    }
    if (effects.reboot_ms) {
      reboot_ms_ = effects.reboot_ms;
    }
    std::vector<Told> told;
    for (OutReport& report : effects.reports) {
      rapidjson::Document json;
      json.Parse(report.payload.c_str());
      std::string words = report.payload;
      if (json.IsObject() && json.HasMember("state")) {
        words = std::string(json["type"].GetString()) + "/" + json["action"].GetString() + "/" +
                json["state"].GetString() + "/" + std::to_string(json["code"].GetInt());
      }
      told.push_back({report.tail, words, report.payload, report.msgid});
    }
    return told;
  }

  // Lets time pass in the printer's own steps; returns what it said, temperatures left out.
  std::vector<Told> Pass(std::int64_t ms) {
    std::vector<Told> all;
    const std::int64_t until_ms = now_ms_ + ms;
    while (now_ms_ < until_ms) {
      now_ms_ = std::max(now_ms_ + 1, std::min(until_ms, printer_.NextDeadline()));
      printer_.Tick(now_ms_);
      for (Told& told : Take()) {
        if (told.tail != "tempature/report") {
          all.push_back(std::move(told));
        }
      }
    }
    return all;
  }

  std::vector<std::string> PassWords(std::int64_t ms) {
    std::vector<std::string> words;
    for (const Told& told : Pass(ms)) {
      // The printing report is repeated every layer: once is enough to compare.
      if (words.empty() || words.back() != told.words) {
        words.push_back(told.words);
      }
    }
    return words;
  }

  std::vector<std::string> FinishFetch(FetchResult result = FetchResult::kOk) {
    printer_.FetchDone(fetch_.token, result, now_ms_);
    return Words();
  }

 private:
  Behaviour behaviour_;
  Statistics statistics_;
  Printer printer_;
  std::int64_t now_ms_ = 1'700'000'000'000;
  FetchOrder fetch_;
  std::uint64_t cancelled_ = 0;
  std::optional<std::int64_t> reboot_ms_;
  Verdict verdict_ = Verdict::kAccepted;
};

inline constexpr const char* kRemoteStart =
    R"({"taskid":"482913","url":"http://127.0.0.1/c.gcode","md5":"943c0dff568dd508e21af2d894bb6b49",)"
    R"("filesize":188000,"filename":"cube.gcode","filetype":0,"task_mode":1})";

inline constexpr const char* kLocalStart =
    R"({"taskid":"482914","filename":"benchy.gcode","filepath":"/","filetype":1,"task_mode":1})";

}  // namespace printfleet::simulator
