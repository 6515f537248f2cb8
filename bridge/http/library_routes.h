// The routes of the library: PUT /library/<name> for people and slicers, /files/<token>/<filename>
// for printers.
//
//   PUT /library/<name>             X-Api-Key: KEY, or Authorization: Bearer KEY
//   GET /files/<token>/<filename>   Range; HEAD too
//
// What is refused is {"error": "…"}: 400 name or length, 401 key, 403 role, 404, 411, 413 too
// large, 415 no G-code, 416, 503 busy (with Retry-After), 504 nobody knows yet, 507 full.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/route.h"
#include "library/library.h"
#include "settings/settings.h"

namespace printfleet::http {

// The answer of LibraryHooks::added when nobody knows whether core will have the file: it stays.
inline constexpr int kInDoubt = 504;

// Whose key it is.
struct Caller {
  std::string user;
  settings::Role role = settings::Role::kViewer;
};

struct Download {
  std::string path;
  int64_t size_bytes = 0;
  std::string content_type;
};

enum class DownloadMark {
  kFirstByte,
  kLastByte,  // the whole file has been sent, over however many requests
};

// Given by the daemon; called on the server's threads, several at a time.
struct LibraryHooks {
  // nullopt: wrong key. "" is no key: who that is, where that is let in at all.
  std::function<std::optional<Caller>(std::string_view key)> caller;
  // Blocks until core has it; its JSON answer: 200 or 201, or an error. On an error the file goes
  // again, unless it was known.
  std::function<Answer(const Caller&, const library::Stored&)> added;
  // nullopt: no such token, it has ended, or it is for another name.
  std::function<std::optional<Download>(std::string_view token, std::string_view filename)>
      download;
  // Each mark once a token (after a restart of the process perhaps again); `bytes`: of the file, so
  // far sent. "Sent" is with the kernel: the printer has it a moment later.
  std::function<void(std::string_view token, DownloadMark mark, int64_t bytes)> mark;
};

// The library outlives the routes. All listeners share the hooks.
std::vector<Route> MakeLibraryRoutes(library::Library& library, LibraryHooks hooks,
                                     const settings::Http& settings);

// The parts of an upload, for other routes that take files.

// Who asks, if they may upload; else the answer: 401, 403.
std::variant<Caller, Answer> Authenticate(const Request& request, const LibraryHooks& hooks);

// The same without asking for more than a key: the answer is 401.
std::variant<Caller, Answer> AuthenticateAny(const Request& request, const LibraryHooks& hooks);

// What an error of the library (or of a Body) is in HTTP.
Answer LibraryErrorAnswer(const Error& error);

// Finishes the upload, gives it to hooks.added, and settles it with the library.
Answer AddUpload(library::Library& library, const LibraryHooks& hooks, const Caller& caller,
                 library::Upload& upload);

}  // namespace printfleet::http
