// Link: what Inbound needs of a connection, whoever speaks MQTT on it: Connection (libmosquitto:
// also TLS) or WireConnection (our own codec: without TLS).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace printfleet::mqtt {

class Link {
 public:
  Link() = default;
  virtual ~Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Begins to connect. Blocks for a loopback connect, a name lookup, or one round trip (see
  // probe.h). Requires: closed().
  virtual Status Open(const Instant& now) = 0;

  [[nodiscard]] virtual bool closed() const = 0;
  [[nodiscard]] virtual bool connected() const = 0;  // CONNACK seen
  [[nodiscard]] virtual int fd() const = 0;

  // Something is queued that Write() would write (or a TCP connect is under way).
  [[nodiscard]] virtual bool write_pending() const = 0;
  // The last Read() brought something, and there may be more: to be read now, poll() may not say
  // so.
  [[nodiscard]] virtual bool read_pending() const = 0;
  // A whole packet has been read from the socket and waits to be taken: poll() will not say so.
  [[nodiscard]] virtual bool buffered() const = 0;

  // Each of these: an error means that the connection is closed, and why.
  virtual Status Read(const Instant& now) = 0;  // one packet; with TLS all that one record held
  virtual Status Write(
      const Instant& now) = 0;  // all that is queued, as far as the socket takes it
  // Keep alive, and the deadline of CONNACK. Writes what it queues. Requires: nothing queued that
  // must not be written.
  virtual Status OnSecond(const Instant& now) = 0;

  // Queues SUBSCRIBE of all filters with QoS 1.
  virtual Status Subscribe(const std::vector<std::string>& filters, bool retain_as_published) = 0;

  // Is an acknowledgement queued by Acknowledge() alone? Else one is queued with each message that
  // is read, Write() writes them all, and only all can be acknowledged.
  [[nodiscard]] virtual bool acknowledges_parts() const = 0;
  // The next `count` messages that were delivered may be acknowledged, in their order.
  virtual void Acknowledge(size_t count) = 0;

  // Closes the socket; what is queued is never written; a will is published.
  virtual void Shut() = 0;
  // Writes what is queued as far as it goes without blocking, DISCONNECT last, and closes. No will
  // is published if DISCONNECT could be written.
  virtual void Disconnect() = 0;
};

}  // namespace printfleet::mqtt
