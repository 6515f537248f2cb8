#include "farm.h"

#include <algorithm>

namespace printfleet::fleet {
namespace {

settings::Model MakeModel(const char* id, const char* name, double bed_max) {
  settings::Model model;
  model.id = id;
  model.name = name;
  model.bed_target_c_max = bed_max;
  return model;
}

}  // namespace

protocol::Envelope MakeEnvelope(const char* type, const char* action, const char* state) {
  protocol::Envelope envelope;
  envelope.type = type;
  envelope.action = action;
  envelope.state = state;
  envelope.code = 200;
  return envelope;
}

std::string At(const std::string& json_text, const std::string& path) {
  json::Parser parser;
  const auto parsed = parser.Parse(json_text, {1 << 24, 64});
  if (!parsed.ok()) {
    return "not JSON: " + json_text;
  }
  json::Value value = *parsed;
  for (size_t at = 0; at <= path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    const std::string name = path.substr(at, dot - at);
    value = value.IsArray() ? value.at(static_cast<size_t>(std::stoi(name))) : value[name];
    at = dot + 1;
  }
  return value.exists() ? value.Text() : "missing";
}

Farm::Farm() {
  models.Add(MakeModel("20021", "K2Pro", 90));
  models.Add(MakeModel("20022", "K2Plus", 90));
  models.Add(MakeModel("20023", "K2Max", 100));
  world.live = true;
  world.new_msgid = [this] { return "msgid-" + std::to_string(next_msgid_++); };
  now.wall = *ParseIso8601("2026-01-01T00:00:00Z");
  now.mono = MonoTime(milliseconds(1000000));
  operator_.author = "anna";
  operator_.role = settings::Role::kAdmin;
}

printer::Printer& Farm::Add(const std::string& name, const std::string& model_id) {
  printer::Printer printer;
  printer::Registration& registration = printer.registration;
  registration.id = name + "-id";
  registration.name = name;
  registration.model_id = model_id;
  registration.model = models.NameOf(model_id);
  registration.enrolment = printer::Enrolment::kEnrolled;
  registration.firmware = "3.1.2";
  registration.bed = printer::Bed::kClear;
  printer.work_state = printer::State::kIdle;
  printer.presence = printer::Presence::kOnline;
  printer.last_sign_of_life = now.mono;
  return world.printers.Put(registration.id, printer);
}

void Farm::StartPrinting(const std::string& name, const std::string& task_id) {
  printer::Printer& printer = At(name);
  printer.work_state = printer::State::kPrinting;
  printer.registration.bed = printer::Bed::kOccupied;
  printer.registration.last_task_id = task_id;
  printer::Job job;
  job.id = JobId{world.ledger.Mutable().next_job_id++};
  job.printer_id = name + "-id";
  job.task_id = task_id;
  job.state = printer::JobState::kPrinting;
  printer.job = job;
  world.Merge();
}

std::string Farm::Id(int number) {
  std::string digits = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

std::string Farm::Make(int number, const std::string& command, const std::string& target,
                       const std::string& args, const std::string& options) {
  return "{\"id\":\"" + Id(number) + "\",\"command\":\"" + command + "\",\"target\":" + target +
         ",\"args\":" + args + ",\"options\":" + options + "}";
}

void Farm::Send(const std::string& payload) {
  Send(payload, operator_);
}

void Farm::Send(const std::string& payload, const Delivery& delivery, const StopPlan* sent) {
  Output output;
  HandleRequest(world, rules(), delivery, payload, now, sent, output);
  Absorb(std::move(output));
}

void Farm::Absorb(Output output) {
  world.Merge();
  const auto append = [](auto& into, auto& from) {
    into.insert(into.end(), from.begin(), from.end());
  };
  append(all.outgoing, output.outgoing);
  append(all.responses, output.responses);
  append(all.questions, output.questions);
  append(all.job_marks, output.job_marks);
  append(all.offers, output.offers);
  append(all.withdrawn, output.withdrawn);
  append(all.artifacts, output.artifacts);
  append(all.audit, output.audit);
  append(all.happenings, output.happenings);
  append(all.ask_status, output.ask_status);
  append(all.changes, output.changes);
  append(all.finished, output.finished);
  for (const Outgoing& outgoing : output.outgoing) {
    if (confirm && outgoing.token != 0) {
      Output confirmed;
      HandlePublished(world, rules(), outgoing.execution, outgoing.token, accept, now, confirmed);
      Absorb(std::move(confirmed));
    }
    if (accept) {
      React(outgoing);
    }
  }
  for (const PrinterId& id : output.ask_status) {
    world.printers.Mutable(id).query_sent_at = now.mono;
    if (answer_status) {
      const std::string name = id.substr(0, id.size() - 3);
      later_.push_back({now.mono + milliseconds(200),
                        [this, name] { ReportStatus(name, protocol::WorkState::kFree); }});
    }
  }
}

void Farm::React(const Outgoing& outgoing) {
  const auto found = manners_.find(outgoing.printer_id);
  const Manner manner = found == manners_.end() ? Manner::kSilent : found->second;
  const milliseconds delay{manner == Manner::kLate ? 90000 : 300};
  if (manner == Manner::kSilent) {
    return;
  }
  for (int i = 0; i < (manner == Manner::kTwice ? 2 : 1); ++i) {
    later_.push_back({now.mono + delay * (i + 1), [this, outgoing] { Answer(outgoing); }});
  }
}

void Farm::Answer(const Outgoing& outgoing) {
  using protocol::PrintAction;
  using protocol::PrintWord;
  const auto* control = std::get_if<protocol::ControlJob>(&outgoing.request);
  if (control == nullptr) {
    return;
  }
  const std::string name = outgoing.printer_id.substr(0, outgoing.printer_id.size() - 3);
  const bool pause = control->verb == protocol::JobVerb::kPause;
  const PrintAction action = pause ? PrintAction::kPause : PrintAction::kStop;
  if (manners_[outgoing.printer_id] == Manner::kFails) {
    ReportPrint(name, action, PrintWord::kFailed, control->task_id, 10102);
  } else {
    ReportPrint(name, action, pause ? PrintWord::kPaused : PrintWord::kStopped, control->task_id);
  }
}

void Farm::Pass(milliseconds time) {
  const MonoTime end = now.mono + time;
  while (now.mono < end) {
    now.mono += milliseconds(100);
    now.wall += milliseconds(100);
    for (size_t i = 0; i < later_.size();) {
      if (later_[i].at > now.mono) {
        ++i;
        continue;
      }
      const auto what = later_[i].what;
      later_.erase(later_.begin() + static_cast<std::ptrdiff_t>(i));
      what();
    }
    RunDeadlines();
  }
}

void Farm::RunDeadlines() {
  std::vector<ExecutionKey> executions;
  std::vector<CommandId> commands;
  world.executions.ForEach([&](const ExecutionKey& key, const Execution& execution) {
    const auto due = NextDeadline(execution);
    if (due && *due <= now.mono) {
      executions.push_back(key);
    }
  });
  std::ranges::sort(executions);
  for (const ExecutionKey& key : executions) {
    Output output;
    HandleExecutionDue(world, rules(), key, now, output);
    Absorb(std::move(output));
  }
  world.commands.ForEach([&](const CommandId& id, const Command& command) {
    const auto due = NextDeadline(command, world, rules(), now);
    if (due && *due <= now.mono) {
      commands.push_back(id);
    }
  });
  for (const CommandId id : commands) {
    Output output;
    HandleCommandDue(world, rules(), id, now, output);
    Absorb(std::move(output));
  }
}

void Farm::Report(const std::string& name, protocol::ReportBody body, protocol::Envelope envelope,
                  bool live) {
  printer::Printer& printer = At(name);
  protocol::Report report;
  const PrinterId id = name + "-id";
  report.printer_id = id;
  report.model_id = printer.registration.model_id;
  report.envelope = std::move(envelope);
  report.body = std::move(body);
  const printer::Policy policy;
  const std::function<JobId()> next_job_id = [this] {
    return JobId{world.ledger.Mutable().next_job_id++};
  };
  const printer::Change change =
      printer::ApplyReport(printer, report, {now, policy, error_codes, false, live, next_job_id});
  Output output;
  HandleReport(world, rules(), report, change, live, now, output);
  Absorb(std::move(output));
}

void Farm::ReportPrint(const std::string& name, protocol::PrintAction action,
                       protocol::PrintWord word, const std::string& task_id,
                       std::optional<int64_t> code) {
  protocol::PrintReport print;
  print.action = action;
  print.word = word;
  print.job.task_id = task_id;
  protocol::Envelope envelope;
  envelope.type = "print";
  envelope.code = code;
  envelope.state = word == protocol::PrintWord::kFailed ? "failed" : "ok";
  Report(name, print, envelope);
}

void Farm::ReportStatus(const std::string& name, protocol::WorkState work) {
  protocol::Envelope envelope;
  envelope.type = "status";
  envelope.action = "workReport";
  envelope.state = work == protocol::WorkState::kFree ? "free" : "busy";
  Report(name, protocol::StatusReport{work}, envelope);
}

const Execution* Farm::Find(const std::string& name) const {
  CommandId last;
  world.commands.ForEach(
      [&last](const CommandId& id, const Command&) { last = std::max(last, id); });
  return world.executions.Find({last, name + "-id"});
}

std::string Farm::State(const std::string& name) const {
  const Execution* execution = Find(name);
  if (execution == nullptr) {
    return "none";
  }
  std::string text(Name(execution->state));
  if (execution->skip_reason != SkipReason::kNone) {
    text.append("(").append(Name(execution->skip_reason)).append(")");
  }
  return text;
}

std::vector<std::string> Farm::Events(const std::string& event) const {
  std::vector<std::string> found;
  for (const Response& response : all.responses) {
    if (fleet::At(response.json, "event") == "\"" + event + "\"") {
      found.push_back(response.json);
    }
  }
  return found;
}

std::string Farm::Last(const std::string& event) const {
  const auto events = Events(event);
  return events.empty() ? "{}" : events.back();
}

std::string Farm::SentTo() const {
  std::multiset<std::string> names;
  for (const Outgoing& outgoing : all.outgoing) {
    names.insert(outgoing.printer_id.substr(0, outgoing.printer_id.size() - 3));
  }
  std::string text;
  for (const std::string& name : names) {
    text.append(text.empty() ? "" : " ").append(name);
  }
  return text;
}

}  // namespace printfleet::fleet
