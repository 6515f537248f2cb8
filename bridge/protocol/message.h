// What decode.cc hands to the reader of a message type.
#pragma once

#include "protocol/dialect.h"
#include "protocol/fields.h"
#include "protocol/report.h"

namespace printfleet::protocol {

struct Message {
  const Envelope& envelope;
  const Fields& data;  // without members when the message has no data object
  const Dialect& dialect;
};

}  // namespace printfleet::protocol
