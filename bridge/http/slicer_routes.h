// The routes that slicers use: OctoPrint's API, as PrusaSlicer, OrcaSlicer and Cura call it.
//
//   /p/<printer>/api/…   one printer (name or id)
//   /g/<group>/api/…     a group, /m/<model>/api/… a model, /api/… the farm
//
//   GET  …/api/version       what the slicer's "Test" button asks
//   POST …/api/files/local   a form: print=true|false, path, file. The file goes into the library;
//                            with print=true it starts on the first printer of the place that the
//                            safety rules let start, or the answer says why none did
//   GET  …/api/printer, /api/job, /api/files, /api/settings and a few more, for Cura
//
// The key (X-Api-Key) is a user's. Errors are {"error": "…"}, which slicers show.
// Source: the slicers' own uploaders and OctoPrint's documentation (shared platform facts, C).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/library_routes.h"
#include "http/route.h"
#include "library/library.h"

namespace printfleet::http {

struct SlicerHooks {
  LibraryHooks library;
  // Sends a request (JSON, with this id) as this user; blocks until the first response to it is
  // there: accepted, rejected or done. kUnavailable: nobody answered.
  std::function<Result<std::string>(const std::string& user, const std::string& request_id,
                                    std::string payload)>
      ask;
};

// The library outlives the routes. `version` is the program's.
std::vector<Route> MakeSlicerRoutes(library::Library& library, SlicerHooks hooks,
                                    std::string version);

}  // namespace printfleet::http
