// TLS under a session: what a printer with the farm's authority and a client certificate does. Its
// library is old and easy to please: every cipher and key size is taken, the broker's host name is
// not looked at. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace printfleet::simulator {

struct TlsOptions {
  bool on = false;
  std::string ca_file;    // empty: any broker is believed
  std::string cert_file;  // "{id}" in it is the printer's id
  std::string key_file;   // likewise
  std::string version;    // "1.1", "1.2", "1.3": this one only; empty: from 1.2 on
};

// What all sessions share.
class TlsContext {
 public:
  // Empty pointer and the reason in `problem`, when a file cannot be used.
  static std::shared_ptr<const TlsContext> Make(const TlsOptions& options, std::string& problem);

  explicit TlsContext(const TlsOptions& options) : options_(options) {}

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  TlsContext(TlsContext&&) = delete;
  TlsContext& operator=(TlsContext&&) = delete;

 private:
  friend class TlsStream;
  std::string Load();

  TlsOptions options_;
  ssl_ctx_st* context_ = nullptr;
};

// One connection's. Read and Write are as recv and send on a socket that does not wait: -1 with
// errno EAGAIN, or EPROTO and the reason in trouble().
class TlsStream {
 public:
  // `printer_id` chooses the certificate where the files' names have "{id}".
  TlsStream(std::shared_ptr<const TlsContext> context, int fd, const std::string& printer_id);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  TlsStream(TlsStream&&) = delete;
  TlsStream& operator=(TlsStream&&) = delete;

  long Read(char* buffer, std::size_t size);
  long Write(std::string_view bytes);
  void SayGoodbye();

  // The handshake goes on when the broker has spoken: writing is of no use before.
  [[nodiscard]] bool waits_for_broker() const;

  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  long Outcome(int result);

  std::shared_ptr<const TlsContext> context_;
  ssl_st* stream_ = nullptr;
  std::string trouble_;
};

}  // namespace printfleet::simulator
