// Where a slicer's request goes, and what OctoPrint's documents say of it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace printfleet::http {

// "/g/rack-a/api/version" is "version" of {"groups":["rack-a"]}.
struct Place {
  std::string prefix;  // "/g/rack-a", as it came
  std::string name;    // "group rack-a": for messages
  std::string target;  // of a request: JSON
  bool one = false;    // a printer
  std::string rest;    // behind "/api/"
};

// nullopt: no such place.
std::optional<Place> PlaceOf(std::string_view path);

// A request of a place: JSON.
std::string RequestJson(const std::string& id, std::string_view command, const std::string& target,
                        std::string_view args, std::string_view options);

// The request ids of slicers' requests: random UUIDs.
std::string NewRequestId();

// What the first response to print.start means: nullopt when something starts, else why nothing
// does.
std::optional<std::string> WhyNothingStarts(const Place& place, const std::string& response);

// From the `done` of printer.list: OctoPrint's /api/printer and /api/job. nullopt: it was refused.
struct PrinterDocuments {
  std::string printer;
  std::string job;
};

std::optional<PrinterDocuments> DocumentsOf(const Place& place, const std::string& response);

// From the `done` of file.library.list: OctoPrint's /api/files.
std::string FilesDocument(const std::string& response);

// Of an upload.
std::string UploadDocument(const Place& place, std::string_view name, bool started);

}  // namespace printfleet::http
