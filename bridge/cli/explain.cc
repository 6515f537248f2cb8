// printfleet explain: what printfleet makes of a recording, message by message. Needs no server.
#include "capture/explain.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <istream>

#include "capture/explain_text.h"
#include "cli/broker_address.h"
#include "cli/conversation.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/subcommands.h"
#include "settings/load.h"

namespace printfleet::cli {
namespace {

// As std::getline, but keeps no more than `bytes_max` and one byte.
bool ReadLine(std::istream& in, size_t bytes_max, std::string& line) {
  line.clear();
  std::streambuf& bytes = *in.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  int c = bytes.sbumpc();
  if (c == kEnd) {
    return false;
  }
  for (; c != kEnd && c != '\n'; c = bytes.sbumpc()) {
    if (line.size() <= bytes_max) {
      line += static_cast<char>(c);
    }
  }
  return true;
}

// Explains to the end; how many lines could not be read.
int64_t ExplainAll(std::istream& in, const settings::ErrorCodes& codes, bool as_json) {
  capture::Explainer explainer(codes);
  json::Parser parser;
  std::string line;
  int64_t wrong = 0;
  for (int64_t number = 1; ReadLine(in, capture::kLineLimits.bytes_max, line); ++number) {
    const auto parsed = capture::ParseLine(line, parser);
    if (const auto* error = std::get_if<Error>(&parsed)) {
      ++wrong;
      PrintError("line " + std::to_string(number) + ": " + error->message + "; skipped\n");
    } else if (const auto* message = std::get_if<capture::Message>(&parsed)) {
      const auto explanation = explainer.Explain(number, *message);
      Print(as_json ? JsonOf(explanation) + "\n" : TextOf(explanation));
    }
  }
  const auto summary = explainer.Finish();
  Print(as_json ? JsonOf(summary) + "\n" : TextOf(summary));
  return wrong;
}

}  // namespace

int Explain(const ExplainArguments& arguments) {
  const std::string codes_file = settings::InstalledFile("error_codes.yaml");
  const auto codes_text = ReadFile(codes_file);
  if (!codes_text.ok()) {
    return Complain(codes_text.error());
  }
  std::vector<settings::Problem> problems;
  const auto codes = settings::LoadErrorCodes(*codes_text, codes_file, problems);
  std::ifstream file;
  if (arguments.file != "-") {
    file.open(arguments.file, std::ios::binary);
    if (!file) {
      return Complain(
          Error{Errc::kInvalid,
                arguments.file + ": " + std::strerror(errno)});  // NOLINT(concurrency-mt-unsafe)
    }
  }
  std::istream& in = arguments.file == "-" ? std::cin : file;
  return ExplainAll(in, codes, arguments.json) == 0 ? kDone : kSomeFailed;
}

}  // namespace printfleet::cli
