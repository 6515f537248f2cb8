#include "cli/setup_options.h"

#include <CLI/CLI.hpp>

#include "cli/arguments_parts.h"

namespace printfleet::cli {
namespace {

void AddPorts(CLI::App& sub, setup::Plan& plan) {
  const auto port = [&sub](const char* name, auto& value, const char* help) {
    sub.add_option(name, value, help)
        ->option_text("PORT")
        ->check(CLI::Range(1, 65535))
        ->group("Ports");
  };
  port("--printers-port", plan.printers_port, "Of the printers' listener (8883; plain 1883)");
  port("--people-port", plan.people_port, "With --people-address (8884)");
  port("--local-port", plan.local_port, "On 127.0.0.1, for this machine (1883, else 1884)");
  port("--http-port", plan.http_port, "On 127.0.0.1: metrics, console (8080)");
  port("--files-port", plan.files_port, "Where printers fetch files (8081)");
}

}  // namespace

void AddInit(CLI::App& app, InitArguments& init, const std::function<void()>& chosen) {
  setup::Plan& plan = init.plan;
  CLI::App* sub = app.add_subcommand(
      "init", "Write a first configuration, the farm's authority and the broker's certificate");
  sub->add_option("--config", plan.config, "File to write; certificates go to tls/ beside it")
      ->capture_default_str();
  sub->add_option("--data-dir", plan.data_dir, "Where everything else will be")
      ->capture_default_str();
  sub->add_option("--farm-name", plan.farm_name, "In the authority's name")->capture_default_str();
  sub->add_option("--printers-address", plan.printers_address,
                  "Where printers connect (default: this machine's first address)");
  sub->add_option("--name", plan.names, "A further name of the broker, for its certificate");
  auto* plain = sub->add_flag("--plain", plan.plain,
                              "Printers without TLS: only where nobody else is on their network");
  sub->add_flag_function(
         "--require-certificate,!--no-require-certificate",
         [&plan](int64_t count) { plan.require_certificate = count > 0; },
         "Whether only printers with a certificate of the farm are admitted")
      ->excludes(plain);
  sub->add_option("--people-address", plan.people_address,
                  "Where people log in by name (default: on this machine only)");
  sub->add_option("--public-url", plan.public_url,
                  "How printers reach the files (default: http://ADDRESS:8081)");
  sub->add_option("--from-kobra-unleashed", plan.kobra_unleashed,
                  "The folder of kobra-unleashed: takes over its certificates and printers' names")
      ->option_text("DIR")
      ->excludes(plain);
  sub->add_flag("--force", plan.force,
                "Overwrite files that are there. An authority is never overwritten");
  sub->add_flag("-y,--yes,--no-input", init.yes, "Ask nothing");
  AddPorts(*sub, plan);
  sub->callback(chosen);
}

void AddCa(CLI::App& app, CaArguments& ca, const std::function<void()>& chosen) {
  CLI::App* sub = app.add_subcommand("ca", "The farm's own certificates");
  sub->require_subcommand(1);
  const auto common = [&ca](CLI::App& each) {
    AddConfig(each, ca.config);
    each.add_option("--ca-file", ca.ca_file,
                    "The authority, instead of the configuration's; its key is beside it, .key");
  };
  CLI::App* issue = sub->add_subcommand(
      "issue", "Make a printer a certificate of its own: the files for its /user/");
  issue->add_option("PRINTER", ca.printer_id, "The printer's id, 32 hex digits")->required();
  issue->add_option("--out", ca.directory, "Folder for them (default: ./<printer id>)");
  issue->add_flag("--force", ca.force, "Overwrite files that are there");
  common(*issue);
  issue->callback([&ca, chosen] {
    ca.action = CaAction::kIssue;
    chosen();
  });
  CLI::App* show = sub->add_subcommand("show", "The authority and the listeners' certificates");
  show->add_flag("--json", ca.json, "One JSON object a line");
  common(*show);
  show->callback([&ca, chosen] {
    ca.action = CaAction::kShow;
    chosen();
  });
}

void AddUser(CLI::App& app, UserArguments& user, const std::function<void()>& chosen) {
  CLI::App* sub = app.add_subcommand("user", "The people who may log in at the broker");
  sub->require_subcommand(1);
  const auto choose = [&user, chosen](UserAction action) {
    return [&user, chosen, action] {
      user.action = action;
      chosen();
    };
  };
  CLI::App* add = sub->add_subcommand("add", "Add a user, or change role and password");
  add->add_option("NAME", user.name)->required();
  add->add_option_function<std::string>(
         "--role", [&user](const std::string& text) { user.role = settings::ParseRole(text); },
         "viewer, operator or admin")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->required();
  add->add_option("--password-file", user.password_file,
                  "File whose first line is the password; default: it is asked for");
  AddConfig(*add, user.config);
  add->callback(choose(UserAction::kAdd));

  CLI::App* remove = sub->add_subcommand("remove", "Remove a user");
  remove->add_option("NAME", user.name)->required();
  AddConfig(*remove, user.config);
  remove->callback(choose(UserAction::kRemove));

  CLI::App* key = sub->add_subcommand(
      "key", "Make a key for HTTP (slicers, printfleet files add), that acts as the user");
  key->add_option("NAME", user.name)->required();
  key->add_option("--key-file", user.key_file,
                  "New file that gets the key, readable for you alone; default: it is shown once");
  key->add_flag("--revoke", user.revoke, "Make none; all keys of the user are void from now on");
  AddConfig(*key, user.config);
  key->callback(choose(UserAction::kKey));

  CLI::App* list = sub->add_subcommand("list", "List users and roles");
  list->add_flag("--json", user.json, "One JSON object a line");
  AddConfig(*list, user.config);
  list->callback(choose(UserAction::kList));
}

}  // namespace printfleet::cli
