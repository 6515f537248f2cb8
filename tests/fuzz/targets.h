// The fuzz targets: each takes any bytes, and ends the process when something that must hold does
// not (CHECK, or a sanitizer's finding). One program a target under libFuzzer (entry.cc); found
// inputs are replayed through the same functions by tests/unit/fuzz.
#pragma once

#include <array>
#include <string_view>

namespace printfleet::fuzz {

void Topic(std::string_view bytes);     // a topic, and two versions behind it, one a line
void Decode(std::string_view bytes);    // a type or a whole topic; the payload from the second line
void Core(std::string_view bytes);      // a script of messages, time and restarts: core_target.cc
void Request(std::string_view bytes);   // how it came in the first character, then the request
void Stops(std::string_view bytes);     // records of stops in the spool
void Snapshot(std::string_view bytes);  // printers.snapshot
void Settings(std::string_view bytes);  // the configuration
void Models(std::string_view bytes);    // models.yaml
void Codes(std::string_view bytes);     // error_codes.yaml
void Users(std::string_view bytes);     // the users file
void Recording(std::string_view bytes);  // lines of a capture: explained, redacted
void Json(std::string_view bytes);       // JSON, read and written again
void Gcode(std::string_view bytes);      // the size of pieces in the first byte, then a G-code file
void Form(std::string_view bytes);       // likewise, then a form with the boundary XyZ
void Wire(std::string_view bytes);       // MQTT packets of a broker, one behind the other

struct Target {
  std::string_view name;  // its folder in tests/fixtures/fuzz
  void (*run)(std::string_view bytes);
};

inline constexpr std::array kTargets{
    Target{"Topic", Topic},       Target{"Decode", Decode}, Target{"Core", Core},
    Target{"Request", Request},   Target{"Stops", Stops},   Target{"Snapshot", Snapshot},
    Target{"Settings", Settings}, Target{"Models", Models}, Target{"Users", Users},
    Target{"Json", Json},         Target{"Codes", Codes},   Target{"Recording", Recording},
    Target{"Gcode", Gcode},       Target{"Form", Form},     Target{"Wire", Wire},
};

// Takes the first line of `rest`, or all of it, without its newline.
std::string_view TakeLine(std::string_view& rest);

}  // namespace printfleet::fuzz
