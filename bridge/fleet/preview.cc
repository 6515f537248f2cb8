// What a command would do, for a dry run: of each matched printer the message it would be sent, or
// why it would be left out.
#include <algorithm>

#include "fleet/build.h"
#include "fleet/plan.h"

namespace printfleet::fleet {
namespace {

constexpr std::string_view kNewTask = "(new)";  // a start's task id is given when it is sent
constexpr int kDepthMax = 64;

// Type, action and data of the printer's message; secrets as "***".
std::string MessageJson(const protocol::Request& request) {
  const protocol::WireName name = protocol::WireNameOf(request);
  const std::string text = protocol::EncodeRequest(request, "", WallTime{});
  json::Parser parser;
  const auto message = parser.Parse(text, {text.size(), kDepthMax});
  const json::Value data = message.ok() ? (*message)["data"] : json::Value{};
  json::Writer writer;
  writer.BeginObject().Member("type", name.type).Member("action", name.action).Key("data");
  if (!data.IsObject()) {
    writer.Raw(data.exists() ? data.Text() : "null").EndObject();
    return writer.Take();
  }
  const auto secrets = SecretWirePaths(name.type, name.action);
  writer.BeginObject();
  for (size_t i = 0; i < data.size(); ++i) {
    const std::string path = "data." + std::string(data.member_name(i));
    const bool secret = std::ranges::find(secrets, path) != secrets.end();
    writer.Key(data.member_name(i)).Raw(secret ? "\"***\"" : data.member_value(i).Text());
  }
  writer.EndObject().EndObject();
  return writer.Take();
}

}  // namespace

Preview PreviewOf(const World& world, const Plan& plan, std::string_view would_do) {
  Preview preview;
  preview.target_hash = plan.selection.target_hash;
  for (size_t i = 0; i < plan.gates.size(); ++i) {
    const PrinterId& id = plan.selection.printers[i];
    const Gate& gate = plan.gates[i];
    preview.rows.push_back({id, world.printers.Find(id)->registration.name,
                            gate.open() ? would_do : "skipped", Name(gate.reason), gate.message,
                            ""});
  }
  return preview;
}

Preview PreviewOfMessages(const World& world, const Rules& rules, const Request& request,
                          const Plan& plan) {
  Preview preview = PreviewOf(world, plan, "would_send");
  const bool start = request.spec->name == "print.start";
  for (PreviewRow& row : preview.rows) {
    if (row.reason.empty()) {
      const printer::Printer& printer = *world.printers.Find(row.printer_id);
      row.sends = MessageJson(BuildRequest(
          request, printer, start ? std::string(kNewTask) : TaskIdFor(rules, request, printer)));
    }
  }
  return preview;
}

}  // namespace printfleet::fleet
