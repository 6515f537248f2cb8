// What the farm counts; one object for all printers, loop thread only.
#pragma once

#include <cstdint>

namespace printfleet::simulator {

struct Statistics {
  std::int64_t connected = 0;    // online now
  std::int64_t connects = 0;     // sessions opened so far
  std::int64_t disconnects = 0;  // sessions lost or cut so far
  std::int64_t refused = 0;      // CONNACK with a return code other than 0
  std::int64_t tls_failed = 0;   // connections that ended in TLS, mostly in its handshake
  std::int64_t published = 0;    // reports put on the wire for the first time
  std::int64_t resent = 0;       // put on the wire again with DUP
  std::int64_t acked = 0;        // PUBACKs received
  std::int64_t in_flight = 0;    // sent or queued, not yet acknowledged (QoS 1)
  std::int64_t discarded = 0;    // not sent: no session, or the printer's queue was full
  std::int64_t received = 0;     // PUBLISH packets that reached printers
  std::int64_t accepted = 0;     // requests understood
  std::int64_t malformed = 0;    // requests answered with code 10110
  std::int64_t wrong_form = 0;   // topic form of the other firmware generation
  std::int64_t unknown = 0;      // a type or action that a Kobra 2 does not have
  std::int64_t duplicate = 0;    // the same request again, through an overlapping filter
  std::int64_t ignored = 0;      // on purpose: --silent, --ignore-commands
  std::int64_t jobs_started = 0;
  std::int64_t jobs_finished = 0;
  std::int64_t jobs_failed = 0;
  std::int64_t jobs_stopped = 0;
  std::int64_t fetches_ok = 0;  // downloads whose size and md5 were right
  std::int64_t fetches_failed = 0;
  std::int64_t fetched_bytes = 0;
  std::int64_t updates_done = 0;  // firmware changed
  std::int64_t updates_failed = 0;
  std::int64_t reboots = 0;
};

}  // namespace printfleet::simulator
