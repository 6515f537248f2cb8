#include "bench/simulator/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>
#include <sstream>

namespace printfleet::simulator {
namespace {

constexpr int kPrintersMax = 200'000;

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    parts.push_back(part);
  }
  return parts;
}

// One entry a printer; an error text in `second`.
std::pair<std::vector<Model>, std::string> SpreadModels(const FleetSpec& spec) {
  std::vector<Model> turn;
  std::vector<Model> counted;
  for (const std::string& part : SplitList(spec.models)) {
    const std::size_t equals = part.find('=');
    const auto model = FindModel(part.substr(0, equals));
    if (!model) {
      return {{}, "--models: unknown model \"" + part + "\" (K2Pro, K2Plus, K2Max or 20021 ...)"};
    }
    if (equals == std::string::npos) {
      turn.push_back(*model);
      continue;
    }
    int count = 0;
    const char* end = part.data() + part.size();
    const auto [at, error] = std::from_chars(part.data() + equals + 1, end, count);
    if (error != std::errc() || at != end || count < 0 || count > kPrintersMax) {
      return {{}, "--models: expected a count in \"" + part + "\""};
    }
    counted.insert(counted.end(), static_cast<std::size_t>(count), *model);
  }
  if (turn.empty() == counted.empty()) {
    return {{}, "--models: either a list of models or model=count everywhere"};
  }
  for (int i = 0; counted.empty() && i < spec.printers; ++i) {
    turn.push_back(turn[static_cast<std::size_t>(i)]);
  }
  turn.resize(std::min(turn.size(), static_cast<std::size_t>(std::max(spec.printers, 0))));
  return {counted.empty() ? turn : counted, ""};
}

struct Texts {
  FleetSpec fleet;
  double download_kib_per_s = 0;
};

void AddFleet(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--printers", texts.fleet.printers, "number of printers")
      ->check(CLI::Range(1, kPrintersMax));
  app.add_option("--models", texts.fleet.models,
                 "K2Pro,K2Plus,K2Max in turn, or K2Pro=10,K2Plus=5 (then --printers is their sum)");
  app.add_option("--firmware", texts.fleet.firmware,
                 "versions, in turn within each model; below 3.1.0 only long topics are heard");
  app.add_option("--seed", options.seed, "of ids, jitter and faults");
  app.add_option("--id-prefix", options.id_prefix, "first characters of every id (at most 24)");
  app.add_flag("--print-ids", options.print_ids,
               "print `<id> <model id> <model> <firmware>` a line and exit");
}

void AddSession(CLI::App& app, Options& options) {
  SessionOptions& session = options.session;
  app.add_option("--host", options.host, "the broker");
  app.add_option("--port", options.port, "TCP port")->check(CLI::Range(1, 65535));
  app.add_option("--qos", session.qos, "of reports")->check(CLI::Range(0, 1));
  app.add_option("--subscribe-qos", session.subscribe_qos, "of the request filters")
      ->check(CLI::Range(0, 1));
  app.add_option("--clean-session", session.clean_session, "false: a durable session");
  app.add_option("--keep-alive", session.keep_alive_s, "seconds; 0: off")
      ->check(CLI::Range(0, 65535));
  app.add_option("--will-qos", options.will_qos, "of the last will")->check(CLI::Range(0, 1));
  app.add_flag("--retain-will", options.retain_will, "the will is retained (the greeting is not)");
  app.add_option("--connect-rate", options.connect_rate, "new connections per second")
      ->check(CLI::PositiveNumber);
  app.add_option("--reconnect-ms-min", options.reconnect_ms_min, "first back-off, ms")
      ->check(CLI::Range(1, 3'600'000));
  app.add_option("--reconnect-ms-max", options.reconnect_ms_max, "longest back-off, ms")
      ->check(CLI::Range(1, 3'600'000));
  app.add_flag("--overlap-filters", options.behaviour.overlapping_filters,
               "several filters match a request; the printer drops what it has seen by msgid");
}

void AddTls(CLI::App& app, TlsOptions& tls) {
  app.add_flag("--tls", tls.on, "TLS from 1.2 on; any broker is believed without --tls-ca-file");
  app.add_option("--tls-ca-file", tls.ca_file, "TLS: the authority of the broker's certificate");
  auto* cert = app.add_option("--tls-cert-file", tls.cert_file,
                              "TLS: the printer's certificate; {id} in it is the printer's id");
  app.add_option("--tls-key-file", tls.key_file, "TLS: its key; {id} likewise")->needs(cert);
  app.add_option("--tls-version", tls.version, "TLS: this version only: 1.1, 1.2 or 1.3")
      ->check(CLI::IsMember({"1.1", "1.2", "1.3"}));
}

// Any of its files turns it on. "" or what is wrong.
std::string CompleteTls(TlsOptions& tls) {
  tls.on = tls.on || !tls.ca_file.empty() || !tls.cert_file.empty() || !tls.version.empty();
  return tls.cert_file.empty() == tls.key_file.empty() ? ""
                                                       : "--tls-cert-file needs --tls-key-file";
}

void AddBehaviour(CLI::App& app, Options& options) {
  Behaviour& behaviour = options.behaviour;
  app.add_option("--speedup", behaviour.speedup, "the printer's clock against ours")
      ->check(CLI::PositiveNumber);
  app.add_option("--report-interval", behaviour.report_interval_s,
                 "seconds between tempature/auto reports, +-20 %; not divided by --speedup")
      ->check(CLI::PositiveNumber);
  app.add_option("--status-interval", behaviour.status_interval_s,
                 "seconds between unasked workReports; 0: only at changes")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--layers", behaviour.layers, "layers of a job")->check(CLI::Range(1, 100'000));
  app.add_option("--print-minutes", behaviour.print_minutes,
                 "printing time of a job on the printer's clock, minutes")
      ->check(CLI::PositiveNumber);
  app.add_option("--print-report-gap-ms", behaviour.print_report_gap_ms,
                 "at least so long between two reports of a running print, ms")
      ->check(CLI::Range(1, 3'600'000));
  app.add_option("--nozzle-c", behaviour.nozzle_c, "nozzle target of a job, °C");
  app.add_option("--bed-c", behaviour.bed_c, "bed target of a job, °C");
  app.add_option("--files", behaviour.files, "files in local memory (half as many on USB)")
      ->check(CLI::Range(0, 100'000));
  app.add_flag("--odd-names", behaviour.odd_names, "more files: CJK, blanks, GBK bytes, a folder");
  app.add_option("--echo-msgid", behaviour.echo_msgid,
                 "probability that a reply carries its request's msgid")
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--ack-response", behaviour.ack_response, "also answer {\"msgid\"} on .../response");
  app.add_flag("--lenient", behaviour.lenient, "accept requests without msgid and timestamp");
  app.add_option("--localtasktrans", behaviour.localtasktrans_answers, "false: not answered");
  app.add_option("--cancel", behaviour.cancel, "what print/cancel does: ignore, stop, free")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, CancelMode>{{"ignore", CancelMode::kIgnore},
                                                                    {"stop", CancelMode::kStop},
                                                                    {"free", CancelMode::kFree}}));
  app.add_flag("--vendor-codes", behaviour.vendor_codes,
               "paused 10401, resumed 501, stoped 601 instead of 200");
  app.add_flag("--failed-data-null", behaviour.failed_data_null, "failed reports carry no taskid");
  app.add_flag("--check-url-host", behaviour.check_url_host,
               "firmware >= 3.1.0 downloads from the vendor's hosts only (unpatched)");
  app.add_option("--connect-copies", behaviour.connect_copies, "copies of the greeting reports")
      ->check(CLI::Range(1, 100));
  app.add_flag("--greeting-extras", behaviour.greeting_extras,
               "user/bindQuery and file/cloudRecommendList at connect");
  app.add_option("--panel-jobs", options.panel_jobs,
                 "the first N printers start a job by themselves, taskid \"-1\" or \"0\"");
  app.add_option("--panel-pause", options.panel_pause_s,
                 "seconds until a panel printer starts its next job; 0: one job only")
      ->check(CLI::NonNegativeNumber);
}

void AddFaults(CLI::App& app, Options& options) {
  Behaviour& behaviour = options.behaviour;
  const auto chance = [&](const char* name, double& value, const char* help) {
    app.add_option(name, value, std::string("probability: ") + help)->check(CLI::Range(0.0, 1.0));
  };
  chance("--duplicate", options.faults.duplicate, "a report is sent twice");
  chance("--lose", options.faults.lose, "a report is not sent");
  chance("--reorder", options.faults.reorder, "a report goes behind the next one");
  chance("--misspell", options.faults.misspell, "another spelling or type of the family");
  chance("--garbage", options.faults.garbage, "garbage is sent beside a report");
  app.add_option("--garbage-bytes-max", options.faults.garbage_bytes_max, "largest garbage, bytes")
      ->check(CLI::Range(std::size_t{0}, std::size_t{200'000'000}));
  chance("--lose-finished", behaviour.lose_finished, "a job ends without `finished`");
  chance("--free-early", behaviour.free_early, "workReport free comes before `finished`");
  chance("--job-fail", behaviour.job_fail, "a job breaks off at some layer");
  chance("--corrupt-download", behaviour.corrupt_download, "a good download counts as md5 failure");
  chance("--ignore-commands", behaviour.ignore_commands, "a command is not answered");
  chance("--fail-commands", behaviour.fail_commands, "a command fails with code 10000");
  chance("--reboot", behaviour.reboot_per_minute, "a printer reboots, per printer and minute");
  app.add_option("--reply-delay-ms", options.reply_delay_ms, "replies come so much later, ms")
      ->check(CLI::Range(0, 3'600'000));
  app.add_option("--silent", options.silent,
                 "the last N printers connect, subscribe and say nothing");
  app.add_option("--ota-fault", behaviour.ota_fault,
                 "how an update goes wrong: none, download, verify, update, old-version (success "
                 "reported, old version back), never-back, silent (no progress, but done)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, OtaFault>{{"none", OtaFault::kNone},
                                          {"download", OtaFault::kDownload},
                                          {"verify", OtaFault::kVerify},
                                          {"update", OtaFault::kUpdate},
                                          {"old-version", OtaFault::kOldVersion},
                                          {"never-back", OtaFault::kNeverBack},
                                          {"silent", OtaFault::kSilent}}));
  chance("--ota-fault-rate", behaviour.ota_fault_rate, "--ota-fault strikes an update");
}

void AddRun(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--rate", options.rate,
                 "load: print reports per second over all printers; they report nothing else")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--messages", options.messages,
                 "load: end when so many are sent and acknowledged; 0: never")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--payload-bytes", options.payload_bytes, "load: size of a report, bytes");
  app.add_option("--ledger", options.ledger_file,
                 "append `<msgid> <topic>` for every acknowledged report (QoS 1)");
  app.add_option("--log-received", options.received_file,
                 "append a JSON line for every request that reached a printer");
  app.add_option("--fetch-threads", options.fetch.threads, "downloads at once")
      ->check(CLI::Range(1, 256));
  app.add_option("--fetch-kib-per-s", texts.download_kib_per_s, "of each download; 0: no limit")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--fetch-timeout", options.fetch.timeout_s, "of each download, seconds");
  app.add_option("--fetch-ca-file", options.fetch.ca_file, "trusted for https downloads");
  app.add_flag("--control", options.control,
               "obey lines on stdin and answer on stdout: help lists them");
  app.add_option("--stats-interval", options.stats_interval_s,
                 "seconds between summary lines on stderr; 0: only the last")
      ->check(CLI::NonNegativeNumber);
}

void AddReplay(CLI::App& app, ReplayOptions& replay) {
  auto* file = app.add_option(
      "--replay", replay.file,
      "publish the reports of a recording (printfleet capture, mosquitto_sub -v) as one printer, "
      "then end: 0 all of it, 1 but for bad lines or broken off, 3 the broker went away");
  const auto with_file = [&](const char* name, auto& value, const char* help) {
    return app.add_option(name, value, std::string("replay: ") + help)->needs(file);
  };
  with_file("--speed", replay.speed, "times faster than recorded; 0: as fast as acknowledged")
      ->check(CLI::NonNegativeNumber);
  with_file("--as", replay.model, "K2Pro, 20021, …: another model than the recorded");
  with_file("--printer-id", replay.printer_id, "another id than the recorded; also the client id");
  with_file("--replay-of", replay.of_printer, "which printer of the recording; default: the first");
  with_file("--interval-ms", replay.interval_ms, "between lines that have no time")
      ->check(CLI::Range(0, 3'600'000));
}

}  // namespace

std::pair<std::vector<Identity>, std::string> MakeFleet(const FleetSpec& spec) {
  const auto [models, error] = SpreadModels(spec);
  const std::vector<std::string> versions = SplitList(spec.firmware);
  if (!error.empty() || versions.empty()) {
    return {{}, error.empty() ? "--firmware: expected versions" : error};
  }
  std::vector<Identity> fleet;
  std::map<std::string, std::size_t> of_model;
  for (const Model& model : models) {
    const std::size_t ordinal = of_model[model.id]++;
    fleet.push_back(MakeIdentity(
        {spec.seed, fleet.size(), spec.id_prefix, model, versions[ordinal % versions.size()]}));
  }
  return {std::move(fleet), ""};
}

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  Texts texts;
  texts.fleet = {1, "K2Pro,K2Plus,K2Max", "3.1.0", 1, ""};
  CLI::App app(
      "Simulated Anycubic Kobra 2 Pro/Plus/Max printers over MQTT 3.1.1.\n"
      "Exit codes: 0 done, 2 usage or not enough descriptors, 3 host not found; see --replay.",
      "printer-sim");
  app.option_defaults()->always_capture_default();
  AddFleet(app, options, texts);
  AddSession(app, options);
  AddTls(app, options.session.tls);
  AddBehaviour(app, options);
  AddFaults(app, options);
  AddRun(app, options, texts);
  AddReplay(app, options.replay);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    parsed.exit_code = app.exit(error, out, err) == 0 ? 0 : 2;
    parsed.text = parsed.exit_code == 0 ? out.str() : err.str();
    return parsed;
  }
  texts.fleet.seed = options.seed;
  texts.fleet.id_prefix = options.id_prefix;
  std::string problem;
  std::tie(options.printers, problem) = MakeFleet(texts.fleet);
  if (problem.empty()) {
    problem = CompleteTls(options.session.tls);
  }
  if (!problem.empty()) {
    parsed.exit_code = 2;
    parsed.text = problem + "\n";
  }
  options.behaviour.load = options.rate > 0;
  options.fetch.bytes_per_s_max = static_cast<std::int64_t>(texts.download_kib_per_s * 1024);
  return parsed;
}

}  // namespace printfleet::simulator
