// What a recording settles of the questions about the wire that nobody outside the vendor can
// answer yet. Counts as messages go by; at the end each question gets its answer. Pure.
//
// The questions: shared protocol dossier §10.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace printfleet::capture {

struct Answer {
  enum class Settled {
    kYes,
    kPartly,   // something was seen, but not what decides
    kNo,       // nothing to be seen of it in this recording, but it can be in another
    kNotHere,  // never to be seen in a recording of messages
  };

  std::string point;
  Settled settled = Settled::kNo;
  std::string text;
};

std::string_view Name(Answer::Settled settled);

// How a printer and a request speak of a message, read from its bytes.
struct Spoken {
  std::string printer_id;
  std::string type;  // the topic's
  json::Value message;
  MonoTime at;
  std::optional<int> qos;
  bool retained = false;
};

// Of one model's printers.
class OpenPoints {
 public:
  void TakeReport(const Spoken& report);
  void TakeRequest(const Spoken& request, bool long_topic);

  [[nodiscard]] std::vector<Answer> Answers() const;

 private:
  // A request that nothing answered yet.
  struct Pending {
    std::string printer_id;
    std::string msgid;
    std::string type;
    std::string action;
    MonoTime at;
  };

  // What became of the requests of one type and action.
  struct Requests {
    int64_t sent = 0;
    int64_t long_topics = 0;
    int64_t same_msgid = 0;  // answered by a report with the request's msgid
    int64_t same_kind = 0;   // … by one of its type and action, soon after
  };

  using Counts = std::map<std::string, int64_t>;

  void CountTaskId(json::Value data);
  void CountFiles(json::Value data);
  void Match(const Spoken& report, std::string_view msgid, std::string_view action);
  [[nodiscard]] Answer ReplyTo(const std::string& kind) const;
  [[nodiscard]] Answer Acknowledgements() const;

  int64_t reports_ = 0;
  int64_t requests_sent_ = 0;
  Counts qos_;
  int64_t retained_ = 0;
  int64_t wills_ = 0;
  int64_t retained_wills_ = 0;
  int64_t acknowledgements_ = 0;
  int64_t acknowledged_ = 0;  // with the msgid of a request
  Counts fan_reports_;
  Counts update_words_;
  Counts record_times_;
  Counts task_ids_;
  Counts times_;
  size_t filename_bytes_max_ = 0;
  std::map<std::string, Requests> requests_;  // by "type/action"
  std::deque<Pending> pending_;
};

}  // namespace printfleet::capture
