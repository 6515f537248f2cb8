// Ranges of bytes: what a client asks for, and what of a file has been sent. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace printfleet::http {

// From `begin`, without `end`.
struct ByteRange {
  int64_t begin = 0;
  int64_t end = 0;

  bool operator==(const ByteRange&) const = default;
};

enum class RangeKind {
  kWhole,          // none asked for, or in a way that is not known: the whole file is the answer
  kPart,           // 206
  kUnsatisfiable,  // 416
};

struct AskedRange {
  RangeKind kind = RangeKind::kWhole;
  ByteRange range;
};

// The value of a Range header, for a file of `size` bytes. Several ranges are answered with the
// whole file, as a server may.
AskedRange ParseRange(std::string_view header, int64_t size);

// Which bytes of one file were sent, over any number of requests.
class SentRanges {
 public:
  void Add(ByteRange range);

  [[nodiscard]] bool Covers(int64_t size) const;

 private:
  std::vector<ByteRange> ranges_;  // in order, apart from each other
};

}  // namespace printfleet::http
