#include "http/library_routes.h"

#include <memory>
#include <utility>

#include "http/download_routes.h"

namespace printfleet::http {
namespace {

constexpr std::string_view kLibraryPath = "/library/";
constexpr size_t kBufferBytes = 64 << 10;

std::string_view KeyOf(const Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view key = request.Header("X-Api-Key");
  if (!key.empty()) {
    return key;
  }
  const std::string_view authorization = request.Header("Authorization");
  return authorization.starts_with(kBearer) ? authorization.substr(kBearer.size()) : "";
}

Answer NoKey(std::string_view message) {
  Answer answer = ErrorAnswer(401, message);
  answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"printfleet\"");
  return answer;
}

// Settles the upload with the library also where the hook throws.
class Settlement {
 public:
  Settlement(library::Library& library, const library::Stored& stored)
      : library_(library), stored_(stored) {}

  ~Settlement() { library_.Settle(stored_, keep); }

  Settlement(const Settlement&) = delete;
  Settlement& operator=(const Settlement&) = delete;

  bool keep = false;

 private:
  library::Library& library_;
  const library::Stored& stored_;
};

Status CopyBody(Body& body, library::Upload& upload) {
  std::vector<char> buffer(kBufferBytes);
  while (true) {
    const auto read = body.Read(buffer);
    if (!read.ok()) {
      return read.error();
    }
    if (*read == 0) {
      return Ok{};
    }
    if (auto written = upload.Write({buffer.data(), *read}); !written.ok()) {
      return written;
    }
  }
}

Answer PutFile(library::Library& library, const LibraryHooks& hooks, const Request& request) {
  const auto who = Authenticate(request, hooks);
  if (const auto* refused = std::get_if<Answer>(&who)) {
    return *refused;
  }
  const std::string name(request.path.substr(kLibraryPath.size()));
  if (name.empty() || name.find_first_of("/\\") != std::string::npos ||
      request.raw_path != request.path) {
    return ErrorAnswer(400, "wanted PUT /library/<name>, where the name is no path");
  }
  if (!request.content_length && !request.chunked) {
    return ErrorAnswer(411, "wanted a body with Content-Length, or a chunked one");
  }
  auto upload = library.Begin(name, request.content_length);
  if (!upload.ok()) {
    return LibraryErrorAnswer(upload.error());
  }
  if (const auto copied = CopyBody(*request.body, *upload); !copied.ok()) {
    return LibraryErrorAnswer(copied.error());
  }
  return AddUpload(library, hooks, std::get<Caller>(who), *upload);
}

}  // namespace

std::variant<Caller, Answer> Authenticate(const Request& request, const LibraryHooks& hooks) {
  auto who = AuthenticateAny(request, hooks);
  const auto* caller = std::get_if<Caller>(&who);
  if (caller != nullptr && caller->role == settings::Role::kViewer) {
    return ErrorAnswer(403, caller->user + " is a viewer: files take an operator or an admin");
  }
  return who;
}

std::variant<Caller, Answer> AuthenticateAny(const Request& request, const LibraryHooks& hooks) {
  const std::string_view key = KeyOf(request);
  auto caller = hooks.caller(key);
  if (caller) {
    return std::move(*caller);
  }
  return NoKey(key.empty() ? "an API key is wanted, as X-Api-Key: KEY or Authorization: Bearer KEY"
                           : "the API key is wrong");
}

Answer LibraryErrorAnswer(const Error& error) {
  switch (error.code) {
    case Errc::kRejected:
      return ErrorAnswer(413, error.message);
    case Errc::kMalformed:
    case Errc::kUnsupported:
      return ErrorAnswer(415, error.message);
    case Errc::kUnavailable:
      return ErrorAnswer(507, error.message);
    case Errc::kTimeout:
      return ErrorAnswer(408, error.message);
    case Errc::kInvalid:
      return ErrorAnswer(400, error.message);
    case Errc::kNotFound:
      return ErrorAnswer(404, error.message);
    case Errc::kConflict:
      return ErrorAnswer(409, error.message);
    case Errc::kInternal:
      break;
  }
  return ErrorAnswer(500, error.message);
}

Answer AddUpload(library::Library& library, const LibraryHooks& hooks, const Caller& caller,
                 library::Upload& upload) {
  constexpr int kFirstOther = 300;
  const auto stored = upload.Finish();
  if (!stored.ok()) {
    return LibraryErrorAnswer(stored.error());
  }
  Settlement settlement(library, *stored);
  Answer answer = hooks.added(caller, *stored);
  settlement.keep = answer.status < kFirstOther || answer.status == kInDoubt;
  return answer;
}

std::vector<Route> MakeLibraryRoutes(library::Library& library, LibraryHooks hooks,
                                     const settings::Http& settings) {
  const auto shared = std::make_shared<const LibraryHooks>(std::move(hooks));
  std::vector<Route> routes;
  routes.push_back(
      {.path = std::string(kLibraryPath),
       .handler = [&library,
                   shared](const Request& request) { return PutFile(library, *shared, request); },
       .method = "PUT",
       .prefix = true,
       .load = Load::kUpload});
  routes.push_back(MakeDownloadRoute(shared, settings));
  return routes;
}

}  // namespace printfleet::http
