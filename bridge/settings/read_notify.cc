// The sections `notify` and `home_assistant`.
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "settings/sections.h"
#include "settings/url.h"

namespace printfleet::settings {
namespace {

constexpr int64_t kDayS = 86400;
constexpr int kMinutesPerHour = 60;
constexpr int kHoursPerDay = 24;
constexpr size_t kTargetsMax = 50;
constexpr size_t kNameBytesMax = 64;

const Words<NotifyKind> kKinds = {
    {"print_failed", NotifyKind::kPrintFailed},
    {"print_finished", NotifyKind::kPrintFinished},
    {"print_stopped", NotifyKind::kPrintStopped},
    {"print_interrupted", NotifyKind::kPrintInterrupted},
    {"print_paused_by_itself", NotifyKind::kPrintPausedByItself},
    {"printer_offline_mid_print", NotifyKind::kPrinterOfflineMidPrint},
    {"printer_offline", NotifyKind::kPrinterOffline},
    {"farm_outage", NotifyKind::kFarmOutage},
    {"farm_outage_over", NotifyKind::kFarmOutageOver},
    {"rollout_halted", NotifyKind::kRolloutHalted},
    {"bridge_degraded", NotifyKind::kBridgeDegraded},
    {"bridge_recovered", NotifyKind::kBridgeRecovered},
};

void WarnUnreadable(const Section& section, std::string_view key, const std::string& file) {
  if (!file.empty() && access(file.c_str(), R_OK) != 0) {
    section.Warning(key, file + " cannot be read (yet)");
  }
}

// "22:00" as minutes since midnight.
std::optional<int> MinuteOfDay(std::string_view text) {
  const auto number = [](std::string_view digits) {
    int value = -1;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return digits.size() == 2 && read.ec == std::errc() && read.ptr == digits.data() + 2 ? value
                                                                                         : -1;
  };
  if (text.size() != 5 || text[2] != ':') {
    return std::nullopt;
  }
  const int hour = number(text.substr(0, 2));
  const int minute = number(text.substr(3, 2));
  if (hour < 0 || hour >= kHoursPerDay || minute < 0 || minute >= kMinutesPerHour) {
    return std::nullopt;
  }
  return hour * kMinutesPerHour + minute;
}

void ReadTimeOfDay(Section& section, std::string_view key, int& out) {
  std::string text;
  section.Text(key, text);
  if (text.empty()) {
    if (!section.describing() && !section.Has(key)) {
      section.Error("", std::string(key) + " is missing");
    }
    return;
  }
  if (const auto minute = MinuteOfDay(text)) {
    out = *minute;
  } else {
    section.Error(key, "\"" + text + "\" is no time of day like \"22:00\" (in quotes)");
  }
}

QuietHours ReadQuietHours(Section section, const std::vector<NotifyKind>& events) {
  QuietHours quiet;
  ReadTimeOfDay(section, "from", quiet.from_min);
  ReadTimeOfDay(section, "to", quiet.to_min);
  if (section.Has("from") && section.Has("to") && quiet.from_min == quiet.to_min) {
    section.Error("to", "is the same as from: nothing would be quiet, or everything");
  }
  if (auto except = section.WordList<NotifyKind>("except", kKinds)) {
    for (const NotifyKind kind : *except) {
      if (std::find(events.begin(), events.end(), kind) == events.end()) {
        section.Warning("except", std::string(Name(kind)) + " is not among the target's events");
      }
    }
    quiet.except = std::move(*except);
  }
  section.Finish();
  return quiet;
}

bool IsTargetName(const std::string& name) {
  return name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

void ReadTargetUrl(Section& section, NotifyTarget& target) {
  section.Text("url", target.url);
  section.Path("url_file", target.url_file);
  WarnUnreadable(section, "url_file", target.url_file);
  const bool has_url = section.Has("url");
  if (section.describing()) {
    return;
  }
  if (has_url == section.Has("url_file")) {
    section.Error(has_url ? "url_file" : "",
                  "wanted one of url and url_file (the file that holds a URL which is a secret)");
    return;
  }
  if (!has_url || target.url.empty()) {
    return;
  }
  if (const Status usable = CheckNotifyUrl(target.url); !usable.ok()) {
    section.Error("url", usable.error().message);
  }
}

NotifyTarget ReadTarget(Section& section) {
  NotifyTarget target;
  section.Text("name", target.name);
  if (target.name.empty()) {
    if (!section.describing() && !section.Has("name")) {
      section.Error("", "name is missing: it stands in logs, tables and metrics");
    }
  } else if (!IsTargetName(target.name)) {
    section.Error("name", "must be letters, digits, \".\", \"_\" and \"-\", at most 64");
  }
  ReadTargetUrl(section, target);
  section.Word<NotifyTemplate>("template",
                               {{"json", NotifyTemplate::kJson},
                                {"ntfy", NotifyTemplate::kNtfy},
                                {"discord", NotifyTemplate::kDiscord},
                                {"slack", NotifyTemplate::kSlack}},
                               target.form);
  if (auto events = section.WordList<NotifyKind>("events", kKinds)) {
    target.events = std::move(*events);
  }
  section.TextList("printers", target.printers);
  section.TextList("groups", target.groups);
  section.TextList("models", target.models);
  section.Time<seconds>("group_s", {0, 3600}, target.group);
  section.Time<seconds>("group_max_s", {0, 24 * 3600}, target.group_max);
  if (target.group_max < target.group) {
    section.Error(section.Has("group_max_s") ? "group_max_s" : "group_s",
                  "group_max_s must be at least group_s");
  }
  Section quiet = section.Child("quiet_hours");
  if (section.Has("quiet_hours") || section.describing()) {
    target.quiet_hours = ReadQuietHours(std::move(quiet), target.events);
  }
  section.Path("headers_file", target.headers_file);
  WarnUnreadable(section, "headers_file", target.headers_file);
  section.Time<seconds>("timeout_s", {1, 600}, target.timeout);
  section.Finish();
  return target;
}

}  // namespace

void ReadNotify(Section section, Notify& notify) {
  if (auto sections = section.Children("targets")) {
    std::vector<NotifyTarget> targets;
    for (Section& each : *sections) {
      NotifyTarget target = ReadTarget(each);
      const bool twice = !target.name.empty() && std::any_of(targets.begin(), targets.end(),
                                                             [&](const NotifyTarget& other) {
                                                               return other.name == target.name;
                                                             });
      if (twice) {
        each.Error("name", "\"" + target.name + "\" is the name of another target, too");
      }
      targets.push_back(std::move(target));
    }
    if (targets.size() > kTargetsMax) {
      section.Error("targets", "are more than " + std::to_string(kTargetsMax));
    }
    notify.targets = std::move(targets);
  }
  section.Integer("queue_max", {1, 1000}, notify.queue_max);
  section.Integer("printers_per_message_max", {1, 5000}, notify.printers_per_message_max);
  section.Time<seconds>("retry_first_s", {1, 3600}, notify.retry_first);
  section.Time<seconds>("retry_max_s", {1, kDayS}, notify.retry_max);
  section.Time<seconds>("give_up_after_s", {1, 30 * kDayS}, notify.give_up_after);
  section.Time<seconds>("degraded_after_s", {0, kDayS}, notify.degraded_after);
  if (notify.retry_max < notify.retry_first) {
    section.Error(section.Has("retry_max_s") ? "retry_max_s" : "retry_first_s",
                  "retry_max_s must be at least retry_first_s");
  }
  section.Finish();
}

void ReadHomeAssistant(Section section, HomeAssistant& home_assistant) {
  section.Flag("enabled", home_assistant.enabled);
  std::string prefix;
  section.Text("discovery_prefix", prefix);
  if (!prefix.empty()) {
    std::string mistake = TopicRootMistake(prefix);
    if (mistake.empty() && prefix.find('%') != std::string::npos) {
      mistake = "holds a %";  // in access lists that is somebody's name
    }
    if (mistake.empty()) {
      home_assistant.discovery_prefix = prefix;
    } else {
      section.Error("discovery_prefix", "\"" + prefix + "\" " + mistake);
    }
  }
  section.Finish();
}

}  // namespace printfleet::settings
