#include "bench/simulator/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <map>
#include <utility>

namespace printfleet::simulator {
namespace {

constexpr std::string_view kIdMark = "{id}";

std::string LastError(const std::string& what) {
  const unsigned long last = ERR_peek_last_error();
  const char* reason = last == 0 ? nullptr : ERR_reason_error_string(last);
  ERR_clear_error();
  return what + ": " + (reason == nullptr ? "failed" : reason);
}

bool HasMark(const std::string& file) {
  return file.find(kIdMark) != std::string::npos;
}

std::string WithId(std::string file, const std::string& id) {
  if (const auto at = file.find(kIdMark); at != std::string::npos) {
    file.replace(at, kIdMark.size(), id);
  }
  return file;
}

}  // namespace

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

std::shared_ptr<const TlsContext> TlsContext::Make(const TlsOptions& options,
                                                   std::string& problem) {
  auto made = std::make_shared<TlsContext>(options);
  problem = made->Load();
  return problem.empty() ? made : nullptr;
}

std::string TlsContext::Load() {
  static const std::map<std::string, int> kVersions = {
      {"1.1", TLS1_1_VERSION}, {"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}};
  context_ = SSL_CTX_new(TLS_client_method());
  if (context_ == nullptr) {
    return LastError("TLS");
  }
  const auto only = kVersions.find(options_.version);
  SSL_CTX_set_min_proto_version(context_, only == kVersions.end() ? TLS1_2_VERSION : only->second);
  SSL_CTX_set_max_proto_version(context_, only == kVersions.end() ? 0 : only->second);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_set_cipher_list(context_, "DEFAULT:@SECLEVEL=0") != 1) {
    return LastError("ciphers");
  }
  if (!options_.ca_file.empty()) {
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_locations(context_, options_.ca_file.c_str(), nullptr) != 1) {
      return LastError(options_.ca_file);
    }
  }
  if (options_.cert_file.empty() || HasMark(options_.cert_file) || HasMark(options_.key_file)) {
    return "";
  }
  if (SSL_CTX_use_certificate_chain_file(context_, options_.cert_file.c_str()) != 1) {
    return LastError(options_.cert_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context_, options_.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return LastError(options_.key_file);
  }
  return "";
}

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, int fd,
                     const std::string& printer_id)
    : context_(std::move(context)), stream_(SSL_new(context_->context_)) {
  const TlsOptions& options = context_->options_;
  SSL_set_fd(stream_, fd);
  SSL_set_connect_state(stream_);
  if (HasMark(options.cert_file) || HasMark(options.key_file)) {
    const std::string cert = WithId(options.cert_file, printer_id);
    const std::string key = WithId(options.key_file, printer_id);
    if (SSL_use_certificate_chain_file(stream_, cert.c_str()) != 1 ||
        SSL_use_PrivateKey_file(stream_, key.c_str(), SSL_FILETYPE_PEM) != 1) {
      trouble_ = LastError(cert);
    }
  }
}

TlsStream::~TlsStream() {
  SSL_free(stream_);
}

long TlsStream::Read(char* buffer, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  return Outcome(SSL_read(stream_, buffer, static_cast<int>(size)));
}

long TlsStream::Write(std::string_view bytes) {
  if (!trouble_.empty()) {
    errno = EPROTO;
    return -1;
  }
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  ERR_clear_error();
  errno = 0;
  return Outcome(SSL_write(stream_, bytes.data(), static_cast<int>(std::min(bytes.size(), kMost))));
}

long TlsStream::Outcome(int result) {
  if (result > 0) {
    return result;
  }
  switch (SSL_get_error(stream_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      if (errno == 0) {
        return 0;  // closed without a close_notify
      }
      return -1;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(stream_);
  trouble_ = "TLS: " + (verified == X509_V_OK ? LastError("handshake or record")
                                              : std::string("the broker's certificate: ") +
                                                    X509_verify_cert_error_string(verified));
  ERR_clear_error();
  errno = EPROTO;
  return -1;
}

void TlsStream::SayGoodbye() {
  SSL_shutdown(stream_);
  ERR_clear_error();
}

bool TlsStream::waits_for_broker() const {
  return SSL_in_init(stream_) != 0 && SSL_want_read(stream_);
}

}  // namespace printfleet::simulator
