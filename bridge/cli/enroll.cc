// printfleet enroll: lets printers take commands, also one that has not connected yet, by its own
// file. A `printer.enroll` like any other.
#include "cli/broker_address.h"
#include "cli/connect_info.h"
#include "cli/conversation.h"
#include "cli/output.h"
#include "cli/subcommands.h"

namespace printfleet::cli {
namespace {

Result<std::string> IdInFile(const std::string& file) {
  const auto bytes = ReadFile(file);
  if (!bytes.ok()) {
    return bytes.error();
  }
  const auto info = ReadConnectInfo(*bytes);
  if (!info.ok()) {
    return info.error().Within(file);
  }
  PrintError("printer " + info->printer_id + "\n");
  if (info->ambiguous) {
    PrintError("note: bytes 128 to 159 of the file look like an id too\n");
  }
  return info->printer_id;
}

}  // namespace

int Enroll(const EnrollArguments& arguments, const std::vector<CommandHelp>& commands) {
  if (arguments.show) {
    return EnrollShowing(arguments, commands);
  }
  SendArguments send;
  send.connection = arguments.connection;
  send.command = "printer.enroll";
  send.yes = arguments.yes;
  send.dry_run = arguments.dry_run;
  send.json = arguments.json;
  send.selectors.printers = arguments.printers;
  if (arguments.pending) {
    send.selectors.enrolments = {"pending"};
  }
  if (!arguments.connect_info.empty()) {
    const auto id = IdInFile(arguments.connect_info);
    if (!id.ok()) {
      return Complain(id.error());
    }
    send.values.push_back("printer_id=" + *id);
  }
  if (!arguments.name.empty()) {
    send.values.push_back("name=" + arguments.name);
  }
  if (!arguments.model.empty()) {
    send.values.push_back("model=" + arguments.model);
  }
  return Send(send, commands);
}

}  // namespace printfleet::cli
