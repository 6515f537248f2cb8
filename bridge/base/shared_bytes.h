// SharedBytes: bytes that are written once and then shared: copying one copies no byte. Values
// only; many threads may have a copy of the same bytes.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace printfleet {

class SharedBytes {
 public:
  SharedBytes() = default;

  // Copies the bytes, this once. All of these convert, as std::string does: messages are made of
  // texts.
  SharedBytes(std::string_view bytes) : size_(bytes.size()) {
    if (size_ > 0) {
      auto data = std::make_shared_for_overwrite<char[]>(size_);
      std::memcpy(data.get(), bytes.data(), size_);
      data_ = std::move(data);
    }
  }

  SharedBytes(const std::string& bytes) : SharedBytes(std::string_view(bytes)) {}

  SharedBytes(const char* text) : SharedBytes(std::string_view(text)) {}

  // A part of a block that is written no more at that place: the block lives as long as it does.
  SharedBytes(const std::shared_ptr<const char[]>& block, std::string_view part)
      : data_(block, part.data()), size_(part.size()) {}

  operator std::string_view() const { return view(); }

  [[nodiscard]] std::string_view view() const { return {data_.get(), size_}; }

  [[nodiscard]] std::string text() const { return std::string(view()); }

  [[nodiscard]] const char* data() const { return data_.get(); }

  [[nodiscard]] size_t size() const { return size_; }

  [[nodiscard]] bool empty() const { return size_ == 0; }

  friend bool operator==(const SharedBytes& a, const SharedBytes& b) {
    return a.view() == b.view();
  }

 private:
  std::shared_ptr<const char[]> data_;
  size_t size_ = 0;
};

}  // namespace printfleet
