// Recorded messages of printers, read from a file one after the other: the file may be larger than
// memory. Knows the lines that `printfleet capture` writes, any JSON object with topic and payload,
// and "topic payload" as mosquitto_sub -v writes it. Loop thread only.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace printfleet::simulator {

// What a printer published.
struct Recorded {
  std::string model_id;
  std::string printer_id;
  std::string head;  // of the topic, up to the model: "anycubic/…/printer/public/"
  std::string tail;  // behind the id: "/print/report"
  std::string payload;
  std::optional<int> qos;
  bool retain = false;
  std::optional<std::int64_t> offset_ms;
};

// Why a line is not replayed.
struct NotPlayed {
  enum class Why {
    kEmpty,      // nothing in it, or a capture's header
    kToPrinter,  // a request
    kWithheld,   // the capture kept the payload back
    kBad,
  };
  Why why = Why::kBad;
  std::string problem;  // of kBad
};

std::variant<Recorded, NotPlayed> ParseRecorded(std::string_view line);

class Recording {
 public:
  // False when the file cannot be read.
  bool Open(const std::string& path);

  // The next line with its number, from 1; nothing at the end. A line longer than any message is
  // kBad and is not kept.
  struct Line {
    std::int64_t number = 0;
    std::variant<Recorded, NotPlayed> content;
  };

  std::optional<Line> Next();

 private:
  std::ifstream file_;
  std::int64_t lines_ = 0;
};

}  // namespace printfleet::simulator
