// A Report as text, "name=value" for what is there: what the tests compare.
#pragma once

#include <string>

#include "protocol/report.h"

namespace printfleet::protocol {

// The body, without the envelope: "print start/printing task=-1 progress=0.03".
std::string DescribeBody(const ReportBody& body);

// type/action/state code=… at=…
std::string DescribeEnvelope(const Envelope& envelope);

}  // namespace printfleet::protocol
