// The members that all reports share. [§2]
#pragma once

#include <string_view>

#include "protocol/fields.h"
#include "protocol/report.h"

namespace printfleet::protocol {

Envelope ReadEnvelope(const Fields& message, std::string_view topic_type);

}  // namespace printfleet::protocol
