// The access lists of the managed Mosquitto's listeners. Pure.
//
// Only `pattern` lines: `topic` lines before the first `user` hold for clients *without* a user
// name only, and printers send one. A pattern holds for every client; one with %u holds only for a
// client that sent a user name, so %u stands only where a password was checked: on an open
// listener anyone may call himself alice. Mosquitto checks reads when a message is delivered, not
// at SUBSCRIBE: any filter may be subscribed, only allowed topics arrive.
//
// Who may what (R = topic root, default fleet/v1; nothing else is allowed to anyone):
//
//   listener                     write                           read
//   the daemon's                 R/#, anycubic/#                 R/#, anycubic/#, $SYS/#
//   printers, login none         reports of printer %c           requests to printer %c
//   printers, login password     reports of printer %u           requests to printer %u
//   people, login password       R/command/%u                    R/response/%u/#, public
//   people, login none (local)   R/command, R/command/local,     R/response/local/#, public,
//                                anycubic/#                      anycubic/#
//   readiness (Unix socket)      -                               -
//   public = R/printers/#, R/rollouts/#, R/events, R/bridge, $SYS/#, and with home_assistant
//   <discovery_prefix>/device/+/config, which the daemon alone writes
//
// A person with a password does not see the printers' own topics: what a printer says reaches
// people normalized, in R/printers; its raw reports and our requests carry download tokens and
// secrets of others. R/heartbeat is the daemon's alone. $CONTROL is denied by a line of its own.
//
// With login: none the client id is only a claim, and one with a "/" ("<id>/print") reaches a part
// of that printer's topics without taking its session: no more than claiming "<id>" itself does.
// Identity that holds needs login: password (the user name is the printer's id) or certificates.
#pragma once

#include <string>

#include "base/result.h"
#include "settings/settings.h"

namespace printfleet::broker {

// The acl_file of a listener. `topic_root` has no wildcard (CheckTopicRoot).
// `discovery_prefix`: what Home Assistant reads of ours; "" for none.
std::string ListenerAccess(const settings::BrokerListener& listener, const std::string& topic_root,
                           const std::string& discovery_prefix = "");

// The acl_file of the daemon's own listener.
std::string PrivateAccess(const std::string& topic_root, const std::string& discovery_prefix = "");

// The acl_file of the readiness listener: nothing.
std::string NoAccess();

// kInvalid for a root that is empty, has a wildcard or blank, begins with $ or "/", or lies in the
// printers' own topics.
Status CheckTopicRoot(const std::string& topic_root);

}  // namespace printfleet::broker
