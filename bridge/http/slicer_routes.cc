#include "http/slicer_routes.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "http/multipart.h"
#include "http/slicer_place.h"

namespace printfleet::http {
namespace {

constexpr size_t kBufferBytes = 64 << 10;
constexpr int kCreated = 201;
constexpr std::string_view kFilesLimit = R"({"limit":1000})";

struct Shared {
  library::Library& library;
  SlicerHooks hooks;
  std::string version;
};

Answer Json(std::string body, int status = 200) {
  return {.status = status, .content_type = "application/json", .body = std::move(body) + "\n"};
}

// The form of an upload, while it comes.
class Form {
 public:
  explicit Form(library::Library& library) : library_(library) {}

  Status Read(const Request& request) {
    const auto boundary = BoundaryOf(request.Header("Content-Type"));
    if (!boundary.ok()) {
      return boundary.error();
    }
    MultipartReader reader(
        *boundary,
        {.on_field = [this](auto name, auto value) { return OnField(name, value); },
         .on_file_begin = [this](auto name, auto filename) { return OnFile(name, filename); },
         .on_file_bytes = [this](auto bytes) { return upload_->Write(bytes); },
         .on_file_end = [] { return Status(Ok{}); }});
    std::vector<char> buffer(kBufferBytes);
    while (true) {
      const auto read = request.body->Read(buffer);
      if (!read.ok()) {
        return read.error();
      }
      if (*read == 0) {
        return reader.Finish();
      }
      if (Status added = reader.Add({buffer.data(), *read}); !added.ok()) {
        return added;
      }
    }
  }

  [[nodiscard]] library::Upload* upload() { return upload_ ? &*upload_ : nullptr; }

  [[nodiscard]] bool print() const { return print_; }

 private:
  Status OnField(std::string_view name, std::string_view value) {
    if (name == "print") {
      print_ = value == "true";
    }
    return Ok{};  // path, select and userdata say nothing here: the library has no folders
  }

  Status OnFile(std::string_view /*name*/, std::string_view filename) {
    if (upload_) {
      return Error{Errc::kInvalid, "wanted one file"};
    }
    auto upload = library_.Begin(std::string(filename), std::nullopt);
    if (!upload.ok()) {
      return upload.error();
    }
    upload_.emplace(std::move(*upload));
    return Ok{};
  }

  library::Library& library_;
  std::optional<library::Upload> upload_;
  bool print_ = false;
};

// The answer to an upload that is to be printed: 201, or why nothing starts.
Answer Start(const Shared& shared, const Place& place, const Caller& caller,
             const std::string& name, const std::string& sha256) {
  json::Writer args;
  args.BeginObject().Member("artifact", sha256).EndObject();
  const std::string id = NewRequestId();
  const auto response = shared.hooks.ask(
      caller.user, id, RequestJson(id, "print.start", place.target, args.Take(), R"({"first":1})"));
  const std::optional<std::string> why =
      response.ok() ? WhyNothingStarts(place, *response) : std::optional(response.error().message);
  if (why) {
    return ErrorAnswer(response.ok() ? 409 : 503,
                       *why + " (the file is in the library as " + name + ")");
  }
  return Json(UploadDocument(place, name, true), kCreated);
}

Answer Upload(const Shared& shared, const Place& place, const Request& request) {
  const auto who = Authenticate(request, shared.hooks.library);
  if (const auto* refused = std::get_if<Answer>(&who)) {
    return *refused;
  }
  Form form(shared.library);
  if (const Status read = form.Read(request); !read.ok()) {
    return LibraryErrorAnswer(read.error());
  }
  if (form.upload() == nullptr) {
    return ErrorAnswer(400, "the form has no file; folders cannot be made");
  }
  const Caller& caller = std::get<Caller>(who);
  Answer added = AddUpload(shared.library, shared.hooks.library, caller, *form.upload());
  if (added.status != kCreated) {
    return added;
  }
  json::Parser parser;
  const auto artifact = parser.Parse(added.body, {});
  const std::string name(artifact.ok() ? (*artifact)["name"].String().value_or("") : "");
  const std::string sha256(artifact.ok() ? (*artifact)["sha256"].String().value_or("") : "");
  Answer answer = form.print() ? Start(shared, place, caller, name, sha256)
                               : Json(UploadDocument(place, name, false), kCreated);
  if (answer.status == kCreated) {
    answer.headers.emplace_back("Location",
                                place.prefix + "/api/files/local/" + PercentEncoded(name));
  }
  return answer;
}

// What the bridge says of the place's printers, or of the library.
Answer Ask(const Shared& shared, const Place& place, const Caller& caller) {
  const std::string id = NewRequestId();
  const bool files = place.rest.starts_with("files");
  const auto response =
      shared.hooks.ask(caller.user, id,
                       files ? RequestJson(id, "file.library.list", "", kFilesLimit, "{}")
                             : RequestJson(id, "printer.list", place.target, "{}", "{}"));
  if (!response.ok()) {
    return ErrorAnswer(503, response.error().message);
  }
  if (files) {
    return Json(FilesDocument(*response));
  }
  auto documents = DocumentsOf(place, *response);
  if (!documents) {
    return ErrorAnswer(404, "there is no " + place.name);
  }
  return Json(std::move(place.rest == "job" ? documents->job : documents->printer));
}

Answer Get(const Shared& shared, const Place& place, const Request& request) {
  auto caller = AuthenticateAny(request, shared.hooks.library);
  if (const auto* refused = std::get_if<Answer>(&caller)) {
    return *refused;
  }
  if (place.rest == "version") {
    return Json(R"({"api":"0.1","server":"1.10.0","text":"OctoPrint 1.10.0 (printfleet )" +
                shared.version + ")\"}");
  }
  for (const std::string_view asked : {"printer", "job", "files", "files/local"}) {
    if (place.rest == asked) {
      return Ask(shared, place, std::get<Caller>(caller));
    }
  }

  struct Fixed {
    std::string_view rest;
    std::string_view body;
  };

  constexpr Fixed kFixed[] = {
      {"server", R"({"server":"1.10.0","safemode":null})"},
      {"settings", R"({"feature":{"sdSupport":false},"webcam":{"webcamEnabled":false}})"},
      {"printerprofiles", R"({"profiles":{}})"},
      {"connection",
       R"({"current":{"state":"Operational"},"options":{"ports":[],"baudrates":[]}})"},
  };
  for (const Fixed& fixed : kFixed) {
    if (place.rest == fixed.rest) {
      return Json(std::string(fixed.body));
    }
  }
  return ErrorAnswer(404, "this part of OctoPrint's API is not here: " + place.rest);
}

Answer Handle(const Shared& shared, const Request& request) {
  const auto place = request.raw_path == request.path ? PlaceOf(request.path) : std::nullopt;
  if (!place) {
    return ErrorAnswer(404,
                       "wanted /p/<printer>/api/…, /g/<group>/api/…, /m/<model>/api/… or "
                       "/api/…");
  }
  if (request.method != "POST") {
    return Get(shared, *place, request);
  }
  return place->rest == "files/local"
             ? Upload(shared, *place, request)
             : ErrorAnswer(404, "files go to " + place->prefix + "/api/files/local");
}

}  // namespace

std::vector<Route> MakeSlicerRoutes(library::Library& library, SlicerHooks hooks,
                                    std::string version) {
  const auto shared =
      std::make_shared<const Shared>(Shared{library, std::move(hooks), std::move(version)});
  const auto handler = [shared](const Request& request) { return Handle(*shared, request); };
  std::vector<Route> routes;
  for (const char* path : {"/api/", "/p/", "/g/", "/m/"}) {
    routes.push_back({.path = path, .handler = handler, .prefix = true});
    routes.push_back({.path = path,
                      .handler = handler,
                      .method = "POST",
                      .prefix = true,
                      .load = Load::kUpload});
  }
  return routes;
}

}  // namespace printfleet::http
