// ; thumbnail begin 300x300 12345
// ; iVBORw0KGgo…
// ; thumbnail end
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "library/gcode.h"

namespace printfleet::library {
namespace {

using namespace std::string_view_literals;

constexpr size_t kBase64BytesMax = (kThumbnailBytesMax + 2) / 3 * 4;
constexpr int64_t kSideMax = 10'000;
constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpeg = "\xff\xd8\xff";

// "300x200 12345" → 60000; 0 where it is not a size.
int64_t PixelsOf(std::string_view text) {
  int64_t width = 0;
  int64_t height = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, width);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'x') {
    return 0;
  }
  const auto second = std::from_chars(first.ptr + 1, end, height);
  const bool sane = second.ec == std::errc() && width > 0 && height > 0 && width <= kSideMax &&
                    height <= kSideMax;
  return sane ? width * height : 0;
}

}  // namespace

bool ThumbnailReader::Take(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of("; \t"), line.size()));
  // "thumbnail_JPG begin" too; "thumbnail_QOI" is decoded to bytes that are neither PNG nor JPEG.
  const size_t begin =
      line.starts_with("thumbnail") ? line.find(" begin ") : std::string_view::npos;
  if (begin != std::string_view::npos && begin <= "thumbnail_JPEG"sv.size()) {
    inside_ = true;
    too_large_ = false;
    base64_.clear();
    pixels_ = PixelsOf(line.substr(begin + " begin "sv.size()));
    return true;
  }
  if (!inside_) {
    return false;
  }
  if (line.starts_with("thumbnail")) {
    inside_ = false;
    Decode();
    return true;
  }
  too_large_ = too_large_ || base64_.size() + line.size() > kBase64BytesMax;
  if (!too_large_) {
    base64_ += line;
  }
  return true;
}

void ThumbnailReader::Decode() {
  std::string bytes;
  const bool wanted = !too_large_ && pixels_ > best_pixels_ && DecodeBase64(base64_, bytes) &&
                      bytes.size() <= kThumbnailBytesMax;
  base64_.clear();
  if (!wanted) {
    return;
  }
  const bool png = bytes.starts_with(kPng);
  if (png || bytes.starts_with(kJpeg)) {
    best_pixels_ = pixels_;
    best_type_ = png ? "image/png" : "image/jpeg";
    best_ = std::move(bytes);
  }
}

}  // namespace printfleet::library
