// printer-sim: simulated Kobra 2 printers for demos, tests and load.
#include <netdb.h>
#include <signal.h>

#include <cstring>
#include <string>

#include "bench/simulator/console.h"
#include "bench/simulator/farm.h"
#include "bench/simulator/limits.h"
#include "bench/simulator/options.h"
#include "bench/simulator/replay.h"

namespace printfleet::simulator {
namespace {

// "" or why the host has no address.
std::string Resolve(const Options& options, ServerAddress& server) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &found);
  if (error != 0) {
    return options.host + ": " + gai_strerror(error);
  }
  std::memcpy(&server.storage, found->ai_addr, found->ai_addrlen);
  server.length = found->ai_addrlen;
  freeaddrinfo(found);
  return "";
}

// "" or how many printers fit.
std::string CheckDescriptors(const Options& options) {
  const std::size_t needed = Farm::DescriptorsNeeded(options);
  const std::size_t allowed = RaiseDescriptorLimit(needed);
  if (allowed >= needed) {
    return "";
  }
  const std::size_t other = needed - options.printers.size();
  return std::to_string(options.printers.size()) + " printers need " + std::to_string(needed) +
         " descriptors, the limit is " + std::to_string(allowed) + ": " +
         std::to_string(allowed > other ? allowed - other : 0) +
         " printers fit. Raise it (ulimit -n, LimitNOFILE=) or start several simulators.";
}

int Refuse(const std::string& problem, int exit_code) {
  PrintLine(stderr, "printer-sim: " + problem);
  return exit_code;
}

int Main(int argc, char** argv) {
  ParsedOptions parsed = ParseOptions(argc, argv);
  Options& options = parsed.options;
  if (parsed.exit_code >= 0) {
    PrintLine(parsed.exit_code == 0 ? stdout : stderr, parsed.text);
    return parsed.exit_code;
  }
  if (options.print_ids) {
    for (const Identity& printer : options.printers) {
      PrintLine(stdout, printer.id + " " + printer.model.id + " " + printer.model.name + " " +
                            printer.firmware);
    }
    return 0;
  }
  if (const std::string problem = CheckDescriptors(options); !problem.empty()) {
    return Refuse(problem, 2);
  }
  if (options.session.tls.on) {
    std::string problem;
    options.session.tls_context = TlsContext::Make(options.session.tls, problem);
    if (!options.session.tls_context) {
      return Refuse(problem, 2);
    }
  }
  ServerAddress server;
  if (const std::string problem = Resolve(options, server); !problem.empty()) {
    return Refuse(problem, 3);
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (!options.replay.file.empty()) {
    Replay replay(options.replay, options.session, server);
    const std::string problem = replay.Open();
    return problem.empty() ? replay.Run() : Refuse(problem, 2);
  }
  Farm farm(options, server);
  if (const std::string problem = farm.OpenFiles(); !problem.empty()) {
    return Refuse(problem, 2);
  }
  return farm.Run();
}

}  // namespace
}  // namespace printfleet::simulator

int main(int argc, char** argv) {
  return printfleet::simulator::Main(argc, argv);
}
