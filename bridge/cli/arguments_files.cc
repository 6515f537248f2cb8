#include <CLI/CLI.hpp>

#include "cli/arguments_parts.h"

namespace printfleet::cli {
namespace {

void AddAdd(CLI::App& app, FilesArguments& files, const std::function<void()>& chosen) {
  CLI::App* add = app.add_subcommand("add", "Upload G-code files; what is there already is known");
  add->add_option("FILE", files.files, "A .gcode, .gco or .g file")->required();
  add->add_option("--key-file", files.key_file,
                  "File with your API key; default: $PRINTFLEET_KEY_FILE");
  add->add_option("--url", files.url,
                  "http://host:port or https://…, instead of a configuration's http listener");
  add->add_option("--ca-file", files.connection.ca_file,
                  "Authority of the server's certificate, for https");
  AddConfig(*add, files.connection.config);
  add->add_flag("--json", files.json, "The server's answers, one JSON object a line");
  add->callback([&files, chosen] {
    files.action = FilesAction::kAdd;
    chosen();
  });
}

void AddOne(CLI::App& app, FilesArguments& files, const std::function<void()>& chosen,
            FilesAction action) {
  const bool shows = action == FilesAction::kShow;
  CLI::App* one = app.add_subcommand(shows ? "show" : "remove",
                                     shows ? "What is known of a file" : "Remove a file");
  one->add_option("FILE", files.file, "Its name, or its sha256")->required();
  AddConnection(*one, files.connection);
  if (shows) {
    one->add_flag("--json", files.json, "As one JSON object");
  }
  one->callback([&files, chosen, action] {
    files.action = action;
    chosen();
  });
}

}  // namespace

void AddFiles(CLI::App& app, FilesArguments& files, const std::function<void()>& chosen) {
  CLI::App* sub = app.add_subcommand("files", "The library: files to print");
  sub->require_subcommand(1);
  AddAdd(*sub, files, chosen);
  CLI::App* list = sub->add_subcommand("list", "List the files, newest first");
  list->add_option("--limit", files.limit, "At most so many (default 50)")
      ->check(CLI::PositiveNumber);
  AddConnection(*list, files.connection);
  list->add_flag("--json", files.json, "One JSON object a line");
  list->callback([&files, chosen] {
    files.action = FilesAction::kList;
    chosen();
  });
  AddOne(*sub, files, chosen, FilesAction::kShow);
  AddOne(*sub, files, chosen, FilesAction::kRemove);
}

}  // namespace printfleet::cli
