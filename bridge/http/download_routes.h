// /files/<token>/<filename>: a file for a printer, as a whole or in parts.
#pragma once

#include <memory>

#include "http/library_routes.h"

namespace printfleet::http {

Route MakeDownloadRoute(std::shared_ptr<const LibraryHooks> hooks, const settings::Http& settings);

}  // namespace printfleet::http
