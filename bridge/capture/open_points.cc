#include "capture/open_points.h"

#include <algorithm>

namespace printfleet::capture {
namespace {

using enum Answer::Settled;

constexpr milliseconds kAnswerTime{10000};
constexpr size_t kPendingMax = 1000;
constexpr size_t kCountsMax = 100;      // different words of one kind
constexpr double kSecondsMax = 1e11;    // record times below are seconds [§3.1]
constexpr double kEpochMsMin = 1.4e12;  // 2014: below it is no epoch time in ms
constexpr double kEpochSecondsMin = 1.4e9;

void Count(std::map<std::string, int64_t>& counts, const std::string& what) {
  if (counts.size() < kCountsMax || counts.contains(what)) {
    ++counts[what];
  }
}

std::string Text(json::Value value) {
  return std::string(value.String().value_or(""));
}

std::string Times(int64_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::string List(const std::map<std::string, int64_t>& counts) {
  std::string text;
  for (const auto& [what, count] : counts) {
    text += (text.empty() ? "" : ", ") + what + " " + Times(count);
  }
  return text;
}

std::string TimeForm(double time) {
  if (time >= kEpochMsMin) {
    return "epoch ms";
  }
  return time >= kEpochSecondsMin && time < kSecondsMax ? "epoch s" : "uptime or other";
}

// "Seen" as an answer: what was counted, or that nothing was.
Answer Seen(std::string point, const std::map<std::string, int64_t>& counts,
            const std::string& none) {
  return counts.empty() ? Answer{std::move(point), kNo, none}
                        : Answer{std::move(point), kYes, List(counts)};
}

}  // namespace

std::string_view Name(Answer::Settled settled) {
  switch (settled) {
    case kYes:
      return "settled";
    case kPartly:
      return "partly";
    case kNo:
      return "open";
    case kNotHere:
      return "elsewhere";
  }
  return "";
}

void OpenPoints::TakeReport(const Spoken& report) {
  ++reports_;
  if (report.qos) {
    Count(qos_, "QoS " + std::to_string(*report.qos));
  }
  retained_ += report.retained ? 1 : 0;
  const std::string msgid = Text(report.message["msgid"]);
  const std::string action = Text(report.message["action"]);
  const std::string state = Text(report.message["state"]);
  const json::Value data = report.message["data"];
  if (report.type == "response") {
    ++acknowledgements_;
    acknowledged_ += std::ranges::any_of(
        pending_, [&](const Pending& pending) { return pending.msgid == msgid; });
    return;
  }
  if (report.type == "lastWill" && state != "online") {
    ++wills_;
    retained_wills_ += report.retained ? 1 : 0;
  } else if (report.type == "fan") {
    Count(fan_reports_, "fan/" + action);
  } else if (report.type == "ota" && action != "reportVersion") {
    Count(update_words_, action + " " + state);
  }
  if (const auto time = report.message["timestamp"].Number()) {
    Count(times_, TimeForm(*time));
  }
  if (report.type == "print") {
    CountTaskId(data);
  }
  CountFiles(data);
  Match(report, msgid, action);
}

void OpenPoints::CountTaskId(json::Value data) {
  if (!data.IsObject()) {
    return;
  }
  const json::Value task = data["taskid"];
  const auto number = task.Number();
  Count(task_ids_, number ? (task.Int() ? "integer" : "fraction") : std::string(task.TypeName()));
}

void OpenPoints::CountFiles(json::Value data) {
  const auto note_name = [this](json::Value holder) {
    const auto name = holder["filename"].String();
    filename_bytes_max_ = std::max(filename_bytes_max_, name.value_or("").size());
  };
  note_name(data);
  const json::Value records = data["records"];
  for (size_t i = 0; i < records.size() && records.IsArray(); ++i) {
    note_name(records.at(i));
    if (const auto time = records.at(i)["timestamp"].Number()) {
      Count(record_times_, *time < kSecondsMax ? "seconds" : "milliseconds");
    }
  }
}

// By msgid, else the oldest request of the same type and action; [§3.2] a status query is answered
// by a workReport.
void OpenPoints::Match(const Spoken& report, std::string_view msgid, std::string_view action) {
  while (!pending_.empty() && report.at - pending_.front().at > kAnswerTime) {
    pending_.pop_front();
  }
  const auto answers = [&](const Pending& pending) {
    return pending.printer_id == report.printer_id && !msgid.empty() && pending.msgid == msgid;
  };
  const auto fits = [&](const Pending& pending) {
    return pending.printer_id == report.printer_id && pending.type == report.type &&
           (pending.action == action || report.type == "status");
  };
  auto found = std::ranges::find_if(pending_, answers);
  const bool same_msgid = found != pending_.end();
  if (!same_msgid) {
    found = std::ranges::find_if(pending_, fits);
  }
  if (found == pending_.end()) {
    return;
  }
  Requests& requests = requests_[found->type + "/" + found->action];
  ++(same_msgid ? requests.same_msgid : requests.same_kind);
  pending_.erase(found);
}

void OpenPoints::TakeRequest(const Spoken& request, bool long_topic) {
  ++requests_sent_;
  Pending pending{request.printer_id, Text(request.message["msgid"]), Text(request.message["type"]),
                  Text(request.message["action"]), request.at};
  if (pending.type.empty()) {
    pending.type = request.type;
  }
  const std::string kind = pending.type + "/" + pending.action;
  if (requests_.size() >= kCountsMax && !requests_.contains(kind)) {
    return;
  }
  Requests& requests = requests_[kind];
  ++requests.sent;
  requests.long_topics += long_topic ? 1 : 0;
  pending_.push_back(std::move(pending));
  if (pending_.size() > kPendingMax) {
    pending_.pop_front();
  }
}

Answer OpenPoints::ReplyTo(const std::string& kind) const {
  Answer answer{"reply to " + kind, kNo, "never asked"};
  const auto found = requests_.find(kind);
  if (found == requests_.end()) {
    return answer;
  }
  const Requests& requests = found->second;
  const int64_t answered = requests.same_msgid + requests.same_kind;
  answer.settled = answered > 0 ? kYes : kPartly;
  answer.text = "asked " + Times(requests.sent) + " (" + std::to_string(requests.long_topics) +
                " on long topics), " +
                (answered == 0 ? "never answered"
                               : "answered " + Times(answered) + ", " +
                                     std::to_string(requests.same_msgid) + " with its msgid");
  return answer;
}

Answer OpenPoints::Acknowledgements() const {
  Answer answer{"acknowledgements (…/response)", kNo, "none; nothing was asked"};
  if (acknowledgements_ > 0) {
    answer.settled = kYes;
    answer.text = "sent " + Times(acknowledgements_) + ", " + std::to_string(acknowledged_) +
                  " with a request's msgid";
  } else if (requests_sent_ > 0) {
    answer.settled = kPartly;
    answer.text = "none, after " + std::to_string(requests_sent_) + " requests";
  }
  return answer;
}

std::vector<Answer> OpenPoints::Answers() const {
  std::vector<Answer> answers = {
      {"the printer's subscriptions and their QoS", kNotHere, "see the broker's log"},
      {"keep-alive, clean session, protocol level", kNotHere, "see the broker's log"},
      Seen("QoS of its reports", qos_, "not recorded: the managed broker delivers with its own"),
  };
  answers.push_back(
      {"retain flag of its reports", reports_ > 0 ? kYes : kNo,
       std::to_string(retained_) + " of " + std::to_string(reports_) + " reports are retained"});
  answers.push_back(
      {"its will", wills_ > 0 ? kYes : kNo,
       wills_ > 0 ? "came " + Times(wills_) + ", " + std::to_string(retained_wills_) + " retained"
                  : "none came: switch the printer off while recording"});
  answers.push_back(Acknowledgements());
  for (const auto* kind :
       {"print/query", "print/getSliceParam", "print/cancel", "print/localtasktrans"}) {
    answers.push_back(ReplyTo(kind));
  }
  answers.push_back(Seen("fan reports", fan_reports_, "none"));
  answers.push_back(Seen("words of a firmware update", update_words_, "none: no update in it"));
  answers.push_back(Seen("times of file records", record_times_, "none: no list in it"));
  answers.push_back(Seen("JSON type of taskid", task_ids_, "none: no print in it"));
  answers.push_back(Seen("form of timestamp", times_, "none"));
  answers.push_back(
      {"longest file name", filename_bytes_max_ > 0 ? kPartly : kNo,
       filename_bytes_max_ > 0 ? std::to_string(filename_bytes_max_) + " bytes" : "none"});
  answers.push_back({"Range and HEAD in its downloads", kNotHere, "see the file server's log"});
  return answers;
}

}  // namespace printfleet::capture
