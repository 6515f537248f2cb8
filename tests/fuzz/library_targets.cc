// What comes over HTTP: G-code files and forms. In pieces of any size they are the same.
#include <algorithm>
#include <cmath>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "http/multipart.h"
#include "library/gcode.h"
#include "library/library.h"
#include "tests/fuzz/targets.h"

namespace printfleet::fuzz {
namespace {

// Takes the size of pieces off the front.
size_t TakePiece(std::string_view& bytes) {
  if (bytes.empty()) {
    return 1;
  }
  const auto piece = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return size_t{1} + piece;
}

struct ReadGcode {
  library::GcodeFacts facts;
  bool refused = false;
};

ReadGcode ReadInPieces(std::string_view bytes, size_t piece) {
  library::GcodeReader reader;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    reader.Add(bytes.substr(at, piece));
  }
  ReadGcode read{reader.Finish(), false};
  read.refused = reader.mistake().has_value();
  return read;
}

struct ReadForm {
  std::string calls;
  std::string error;
};

ReadForm ReadFormInPieces(std::string_view bytes, size_t piece) {
  ReadForm read;
  http::MultipartReader reader("XyZ",
                               {[&](std::string_view name, std::string_view value) -> Status {
                                  read.calls += "f" + std::string(name) + "=" + std::string(value);
                                  return Ok{};
                                },
                                [&](std::string_view name, std::string_view filename) -> Status {
                                  CHECK(!library::SafeName(filename).empty());
                                  read.calls += "<" + std::string(name) + std::string(filename);
                                  return Ok{};
                                },
                                [&](std::string_view more) -> Status {
                                  CHECK(!more.empty());
                                  read.calls += more;
                                  return Ok{};
                                },
                                [&]() -> Status {
                                  read.calls += ">";
                                  return Ok{};
                                }});
  Status status = Ok{};
  for (size_t at = 0; at < bytes.size() && status.ok(); at += piece) {
    status = reader.Add(bytes.substr(at, piece));
  }
  if (status.ok()) {
    status = reader.Finish();
  }
  read.error = status.ok() ? "" : status.error().message;
  return read;
}

}  // namespace

void Gcode(std::string_view bytes) {
  const size_t piece = TakePiece(bytes);
  const ReadGcode read = ReadInPieces(bytes, piece);
  const ReadGcode whole = ReadInPieces(bytes, std::max<size_t>(bytes.size(), 1));
  CHECK(read.refused == whole.refused && read.facts == whole.facts);
  CHECK(read.facts.thumbnail.size() <= library::kThumbnailBytesMax);
  CHECK(read.facts.thumbnail.empty() == read.facts.thumbnail_type.empty());
  for (const std::string& text :
       {read.facts.slicer, read.facts.printer_model, read.facts.material}) {
    CHECK(IsCleanUtf8(text) && text == PrintableText(text, text.size()));
  }
  CHECK(read.facts.estimated_s.value_or(0) >= 0 && read.facts.layers.value_or(0) >= 0);
  CHECK(std::isfinite(read.facts.filament_mm.value_or(0)));
  const std::string name = library::SafeName(bytes.substr(0, 1000));
  CHECK(!name.empty() && name.size() <= library::kNameBytesMax && IsCleanUtf8(name));
  CHECK(name.find('/') == std::string::npos && name.front() != '.');
}

void Form(std::string_view bytes) {
  const size_t piece = TakePiece(bytes);
  const ReadForm read = ReadFormInPieces(bytes, piece);
  const ReadForm whole = ReadFormInPieces(bytes, std::max<size_t>(bytes.size(), 1));
  CHECK(read.error == whole.error);
  CHECK(!read.error.empty() || read.calls == whole.calls);
}

}  // namespace printfleet::fuzz
