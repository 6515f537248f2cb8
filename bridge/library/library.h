// Library: the G-code files on the disk, each once, named by its content.
//
//   data_dir/library/<first 2 hex of sha256>/<sha256>        a file
//   data_dir/library/<first 2 hex of sha256>/<sha256>.png    its picture; or .jpg
//   data_dir/library/incoming/                               uploads; emptied at start
//
// What name a file has, and whose it is, the store knows. Thread-safe: every thread of the HTTP
// server uses it. An upload itself belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "library/gcode.h"
#include "settings/settings.h"

namespace printfleet::library {

// "../a b\n.GCODE" → "a b_.GCODE": the last part of a path, clean UTF-8 without control characters
// and what file systems do not like, at most kNameBytesMax with its extension, never empty.
std::string SafeName(std::string_view name);

inline constexpr size_t kNameBytesMax = 200;

// Ends with .gcode, .gco or .g, in any case.
bool IsGcodeName(std::string_view name);

struct Stored {
  std::string name;    // safe
  std::string sha256;  // lower-case hex
  std::string md5;     // what printers are told
  int64_t size_bytes = 0;
  GcodeFacts facts;
  bool known = false;  // the content was here before
};

struct Thumbnail {
  std::string path;
  std::string content_type;
};

class Library;

// A file on its way in. What is not finished leaves nothing behind. Outlived by its Library.
class Upload {
 public:
  ~Upload();
  Upload(Upload&&) noexcept;
  Upload& operator=(Upload&&) = delete;

  // kRejected: larger than library.file_bytes_max, or than was announced. kMalformed: no G-code.
  // kUnavailable: full, by library.bytes_max, library.free_bytes_min or the disk itself.
  // After an error only the destructor may be called.
  Status Write(std::string_view bytes);

  // Once it returns, the file outlives a power cut. Errors as Write's. Settle() has to follow.
  Result<Stored> Finish();

 private:
  friend class Library;
  struct State;
  explicit Upload(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

class Library {
 public:
  // Makes the folders and reads what is there. kUnavailable: the disk does not let us.
  static Result<std::unique_ptr<Library>> Open(const std::string& data_dir,
                                               const settings::Library& limits);

  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // `name` becomes safe; `size_announced` is checked at once and kept free. kMalformed: not a name
  // of G-code. Else as Write.
  Result<Upload> Begin(std::string name, std::optional<int64_t> size_announced);

  // After each Finish, once the store has the file or has refused it: content that was new and that
  // nobody keeps goes again, also where several uploads brought it at the same time.
  void Settle(const Stored& stored, bool keep);

  // Where the file is; whether it is there, List says.
  [[nodiscard]] std::string PathOf(std::string_view sha256) const;
  [[nodiscard]] std::optional<Thumbnail> ThumbnailOf(std::string_view sha256) const;

  // Open downloads of it go on. False: it was not there, or an upload that brought it again is not
  // settled.
  bool Remove(std::string_view sha256);

  // The sha256 of each file, in order.
  [[nodiscard]] std::vector<std::string> List() const;

  // Of all files, without those on their way in.
  [[nodiscard]] int64_t BytesUsed() const;

 private:
  friend class Upload;
  struct State;
  explicit Library(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace printfleet::library
