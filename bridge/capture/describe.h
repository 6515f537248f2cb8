// What a decoded report says, as names with our units and values: what printfleet would store and
// show of it. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "protocol/report.h"

namespace printfleet::capture {

struct Field {
  std::string name;  // "progress_ratio", "job.layer"
  std::string json;  // the value, as JSON
};

// Of the body; what is absent is left out.
std::vector<Field> FieldsOf(const protocol::ReportBody& body);

// The members of a request's data as they were sent, but for what is secret.
std::vector<Field> FieldsOfRequest(json::Value data);

// What the request asks of a printer, in words; "" for none of the known ones. [§3]
std::string_view MeaningOf(std::string_view type, std::string_view action);

}  // namespace printfleet::capture
