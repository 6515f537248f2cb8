// printfleet-generate FROM TO: schema/commands.yaml to the source of fleet's catalog. Run by the
// build; problems are said as a compiler says them.
#include <fstream>
#include <iostream>
#include <sstream>

#include "generate/commands.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: printfleet-generate schema/commands.yaml catalog.cc\n";
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    std::cerr << argv[1] << ": cannot be read\n";
    return 1;
  }
  std::vector<printfleet::settings::Problem> problems;
  const auto commands = printfleet::generate::ReadCommands(text.str(), argv[1], problems);
  for (const printfleet::settings::Problem& problem : problems) {
    std::cerr << problem.Text() << "\n";
  }
  if (!problems.empty()) {
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary);
  out << printfleet::generate::CatalogSource(commands);
  out.close();
  if (!out) {
    std::cerr << argv[2] << ": cannot be written\n";
    return 1;
  }
  return 0;
}
