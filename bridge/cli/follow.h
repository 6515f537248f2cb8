// Follows a command to its end: the one it sends, or one that was sent before.
#pragma once

#include <optional>
#include <string>

#include "cli/conversation.h"

namespace printfleet::cli {

// What to follow and how to show it.
struct Following {
  std::string id;       // the command's request id
  std::string request;  // JSON, sent first; empty: the command is there already
  std::string command;  // its name, "" when it is not known
  bool question = false;
  bool dry_run = false;
  bool json = false;
  bool no_wait = false;
  Patience patience;
  std::string again;  // the words that follow it again, for who is interrupted
};

// The exit code. On a terminal with more than a few printers: a table that is drawn anew, else a
// line of progress.
int Follow(Conversation& conversation, const Following& what);

}  // namespace printfleet::cli
