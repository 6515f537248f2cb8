// What a slicer says about a print in the comments of its G-code, and whether it is G-code at all.
//
// Pure: bytes in, facts out; memory is bounded whatever comes. Comments are read in the first 2 MiB
// and the last 256 KiB (PrusaSlicer, OrcaSlicer and AnycubicSlicer put their configuration at the
// end, Cura says all at the beginning); layers are counted all over where nobody says how many.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace printfleet::library {

inline constexpr size_t kThumbnailBytesMax = 256 << 10;

// What is not said is empty.
struct GcodeFacts {
  std::string slicer;         // "OrcaSlicer 2.1.1"
  std::string printer_model;  // as the slicer names it: "Anycubic Kobra 2 Pro"
  std::optional<int64_t> estimated_s;
  std::string material;  // "PLA"; of several, each once: "PLA;PETG"
  std::optional<double> filament_mm;
  std::optional<double> filament_g;
  std::optional<int64_t> layers;
  // The largest picture that is not above kThumbnailBytesMax, as a file.
  std::string thumbnail;
  std::string thumbnail_type;  // "image/png" or "image/jpeg"

  bool operator==(const GcodeFacts&) const = default;
};

// Takes a picture out of the comments of a slicer, line by line.
class ThumbnailReader {
 public:
  // True when `line` (without newline, beginning with ";") was part of a picture.
  bool Take(std::string_view line);

  [[nodiscard]] const std::string& bytes() const { return best_; }

  [[nodiscard]] const std::string& type() const { return best_type_; }

 private:
  void Decode();

  bool inside_ = false;
  bool too_large_ = false;
  int64_t pixels_ = 0;  // of the one inside
  std::string base64_;
  int64_t best_pixels_ = 0;
  std::string best_;
  std::string best_type_;
};

class GcodeReader {
 public:
  GcodeReader();

  void Add(std::string_view bytes);

  // Why it is not G-code; known as early as can be. nullopt: nothing speaks against it so far.
  [[nodiscard]] const std::optional<std::string>& mistake() const { return mistake_; }

  // After the last byte. What stands at the end goes before what stood at the beginning.
  GcodeFacts Finish();

 private:
  void TakeHead(std::string_view bytes);
  void TakeLine(std::string_view line);
  void TakeComment(std::string_view comment);
  void TakeSetting(std::string_view key, std::string_view value);
  bool TakeAmount(std::string_view key, std::string_view value);
  void KeepTail(std::string_view bytes);
  void CountLayers(std::string_view bytes);
  void LookAtStart();
  void ReadTail();

  int64_t size_ = 0;
  std::optional<std::string> mistake_;
  std::string start_;  // the first bytes, until there are enough to tell a file's kind
  std::string line_;   // of the head, not ended yet; cut at a limit
  int64_t head_left_;
  bool command_seen_ = false;
  int lines_without_command_ = 0;
  std::string tail_;
  std::string carry_;  // the last bytes, fewer than a layer's comment has
  int64_t layers_counted_ = 0;
  std::optional<int64_t> layers_said_;
  std::optional<double> total_g_;  // said to be so; goes before the sum over filaments
  ThumbnailReader thumbnail_;
  GcodeFacts facts_;
};

}  // namespace printfleet::library
