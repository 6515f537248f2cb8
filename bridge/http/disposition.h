// The headers of one part of a form: its name, and its file's. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace printfleet::http {

// "form-data; name=\"file\"; filename=\"a.gcode\"": the first word and the parameters, names in
// lower case; quoted values without their quotes. nullopt: it does not follow the grammar.
struct HeaderValue {
  std::string first;
  std::map<std::string, std::string> parameters;
};

std::optional<HeaderValue> ParseHeaderValue(std::string_view text);

// "UTF-8''%c3%a4" (RFC 5987), also of ISO-8859-1, as UTF-8. nullopt: of another character set.
std::optional<std::string> DecodeExtended(std::string_view text);

struct Part {
  std::string name;
  std::optional<std::string> filename;  // as the client says it: no safe name yet
};

// The lines of a part's head, without the empty one. kMalformed; kUnsupported for an encoding.
Result<Part> ParsePart(std::string_view head);

// Of "multipart/form-data; boundary=…". kUnsupported: it is another type; kMalformed.
Result<std::string> BoundaryOf(std::string_view content_type);

}  // namespace printfleet::http
