// SmallText: a short text that is kept where it stands: printers' ids and msgids, one of each in
// every report's row, need no memory of their own. Longer ones are kept too, on the heap.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace printfleet {

class SmallText {
 public:
  SmallText() = default;

  SmallText(std::string_view text) {
    size_ = text.size();
    if (size_ <= kInlineBytes) {
      std::memcpy(inline_.data(), text.data(), size_);
    } else {
      long_ = std::make_shared<const std::string>(text);
    }
  }

  SmallText(const std::string& text) : SmallText(std::string_view(text)) {}

  SmallText(const char* text) : SmallText(std::string_view(text)) {}

  operator std::string_view() const { return view(); }

  [[nodiscard]] std::string_view view() const {
    return size_ <= kInlineBytes ? std::string_view(inline_.data(), size_)
                                 : std::string_view(*long_);
  }

  [[nodiscard]] std::string text() const { return std::string(view()); }

  [[nodiscard]] bool empty() const { return size_ == 0; }

  [[nodiscard]] size_t size() const { return size_; }

  friend bool operator==(const SmallText& a, const SmallText& b) { return a.view() == b.view(); }

 private:
  static constexpr size_t kInlineBytes = 40;  // a UUID, an id of 32 hex digits

  std::array<char, kInlineBytes> inline_{};
  std::shared_ptr<const std::string> long_;
  size_t size_ = 0;
};

}  // namespace printfleet
