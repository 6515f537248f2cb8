// printfleet-generate COMMANDS ENVELOPE CATALOG SCHEMA: schema/commands.yaml and
// schema/envelope.json to the source of fleet's catalog and to schema/command.schema.json. Run by
// the build; problems are said as a compiler says them.
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "generate/commands.h"

namespace {

std::optional<std::string> Read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    std::cerr << path << ": cannot be read\n";
    return std::nullopt;
  }
  return text.str();
}

bool Write(const char* path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) {
    std::cerr << path << ": cannot be written\n";
  }
  return out.good();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: printfleet-generate schema/commands.yaml schema/envelope.json catalog.cc "
                 "command.schema.json\n";
    return 2;
  }
  const auto table = Read(argv[1]);
  const auto envelope = Read(argv[2]);
  if (!table || !envelope) {
    return 1;
  }
  std::vector<printfleet::settings::Problem> problems;
  const auto commands = printfleet::generate::ReadCommands(*table, argv[1], problems);
  for (const printfleet::settings::Problem& problem : problems) {
    std::cerr << problem.Text() << "\n";
  }
  if (!problems.empty()) {
    return 1;
  }
  const auto schema = printfleet::generate::RequestSchema(commands, *envelope);
  if (!schema.ok()) {
    std::cerr << argv[2] << ": " << schema.error().message << "\n";
    return 1;
  }
  const std::string source = printfleet::generate::CatalogSource(commands, *envelope);
  return Write(argv[3], source) && Write(argv[4], *schema) ? 0 : 1;
}
