#include "library/gcode.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "library/gcode_values.h"

namespace printfleet::library {
namespace {

constexpr int64_t kHeadBytes = 2 << 20;
constexpr size_t kTailBytes = 256 << 10;
constexpr size_t kLineBytesMax = 4096;
constexpr int kLinesWithoutCommandMax = 200;
constexpr size_t kStartBytes = 8;
constexpr std::string_view kLayerComment = ";LAYER_CHANGE";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct Kind {
  std::string_view magic;
  std::string_view name;
};

using namespace std::string_view_literals;

constexpr std::array kOtherKinds = {
    Kind{"PK\x03\x04"sv, "a zip archive"},
    Kind{"PK\x05\x06"sv, "an empty zip archive"},
    Kind{"\x1f\x8b"sv, "a gzip file"},
    Kind{"7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
    Kind{"Rar!"sv, "a rar archive"},
    Kind{"\xfd"
         "7zXZ"sv,
         "an xz file"},
    Kind{"BZh"sv, "a bzip2 file"},
    Kind{"\x28\xb5\x2f\xfd"sv, "a zstd file"},
    Kind{"\x89PNG"sv, "a PNG picture"},
    Kind{"\xff\xd8\xff"sv, "a JPEG picture"},
    Kind{"GIF8"sv, "a GIF picture"},
    Kind{"%PDF"sv, "a PDF document"},
    Kind{"\x7f"
         "ELF"sv,
         "a program"},
    Kind{"GCDE"sv, "binary G-code (.bgcode), which the printers do not read"},
    Kind{"solid "sv, "an STL model; slice it first"},
};

// "G1 X2", "m104", "T0", also behind a line number: "N7 G1".
bool IsCommand(std::string_view line) {
  const auto digit = [&](size_t at) {
    return at < line.size() && std::isdigit(static_cast<unsigned char>(line[at])) != 0;
  };
  if ((line[0] == 'N' || line[0] == 'n') && digit(1)) {
    const size_t blank = line.find(' ');
    line = Trimmed(line.substr(std::min(blank, line.size())));
  }
  return !line.empty() && "GMTgmt"sv.find(line[0]) != std::string_view::npos && digit(1);
}

}  // namespace

GcodeReader::GcodeReader() : head_left_(kHeadBytes) {}

void GcodeReader::Add(std::string_view bytes) {
  if (mistake_ || bytes.empty()) {
    return;
  }
  if (start_.size() < kStartBytes) {
    start_ += bytes.substr(0, kStartBytes - start_.size());
    if (start_.size() == kStartBytes) {
      LookAtStart();
    }
  }
  if (!mistake_ && bytes.find('\0') != std::string_view::npos) {
    mistake_ = "holds NUL bytes: it is no text";
  }
  size_ += static_cast<int64_t>(bytes.size());
  CountLayers(bytes);
  KeepTail(bytes);
  if (!mistake_ && head_left_ > 0) {
    TakeHead(bytes.substr(0, static_cast<size_t>(head_left_)));
  }
}

void GcodeReader::LookAtStart() {
  const auto found = std::find_if(kOtherKinds.begin(), kOtherKinds.end(),
                                  [&](const Kind& kind) { return start_.starts_with(kind.magic); });
  if (found != kOtherKinds.end()) {
    mistake_ = "is " + std::string(found->name);
  }
}

void GcodeReader::TakeHead(std::string_view bytes) {
  head_left_ -= static_cast<int64_t>(bytes.size());
  while (!bytes.empty() && !mistake_) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    line_ += part.substr(0, kLineBytesMax - std::min(kLineBytesMax, line_.size()));
    if (end == std::string_view::npos) {
      break;
    }
    TakeLine(line_);
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
  if (head_left_ == 0 && !command_seen_ && !mistake_) {
    mistake_ = "has no G-code command in its first 2 MiB";
  }
}

void GcodeReader::TakeLine(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  line = Trimmed(line);
  if (line.empty()) {
    return;
  }
  if (line.front() == ';') {
    if (!thumbnail_.Take(line)) {
      TakeComment(Trimmed(line.substr(1)));
    }
  } else if (!command_seen_) {
    command_seen_ = IsCommand(line);
    if (!command_seen_ && ++lines_without_command_ > kLinesWithoutCommandMax) {
      mistake_ = "is text, but not G-code";
    }
  }
}

void GcodeReader::KeepTail(std::string_view bytes) {
  tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), kTailBytes));
  if (tail_.size() > 2 * kTailBytes) {
    tail_.erase(0, tail_.size() - kTailBytes);
  }
}

void GcodeReader::CountLayers(std::string_view bytes) {
  const auto count = [this](std::string_view text) {
    for (size_t at = text.find(kLayerComment); at != std::string_view::npos;
         at = text.find(kLayerComment, at + 1)) {
      ++layers_counted_;
    }
  };
  const size_t edge = kLayerComment.size() - 1;
  count(carry_ + std::string(bytes.substr(0, edge)));
  if (bytes.size() > edge) {
    count(bytes);
  }
  carry_ += bytes.substr(bytes.size() - std::min(bytes.size(), edge));
  carry_.erase(0, carry_.size() - std::min(carry_.size(), edge));
}

// What lies in the head as well is read twice, with the same result.
void GcodeReader::ReadTail() {
  std::string_view rest = tail_;
  if (size_ > static_cast<int64_t>(tail_.size())) {
    rest.remove_prefix(std::min(rest.find('\n'), rest.size()));  // begins within a line
  }
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = Trimmed(rest.substr(0, end));
    if (line.starts_with(';')) {
      TakeComment(Trimmed(line.substr(1)));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

GcodeFacts GcodeReader::Finish() {
  if (!mistake_ && start_.size() < kStartBytes) {
    LookAtStart();
  }
  if (!mistake_ && !line_.empty() && head_left_ > 0) {
    TakeLine(line_);
  }
  if (!mistake_ && !command_seen_) {
    mistake_ = size_ == 0 ? "is empty" : "has no G-code command";
  }
  if (mistake_) {
    return {};
  }
  ReadTail();
  if (total_g_) {
    facts_.filament_g = total_g_;
  }
  facts_.layers = layers_said_;
  if (!facts_.layers && layers_counted_ > 0) {
    facts_.layers = layers_counted_;
  }
  facts_.thumbnail = thumbnail_.bytes();
  facts_.thumbnail_type = thumbnail_.type();
  return facts_;
}

}  // namespace printfleet::library
