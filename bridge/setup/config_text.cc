#include "setup/config_text.h"

#include "base/json.h"

namespace printfleet::setup {

namespace {

std::string Listener(const std::string& address, uint16_t port, const char* who,
                     const char* login) {
  return "    - address: " + Quoted(address) + "\n      port: " + std::to_string(port) +
         "\n      for: [" + who + "]\n      login: " + login + "\n";
}

std::string Tls(const TlsFiles& files) {
  return "      tls:\n        cert_file: " + Quoted(files.cert) +
         "\n        key_file: " + Quoted(files.key) + "\n";
}

std::string PrintersText(const Plan& plan, const TlsFiles& tls) {
  std::string text =
      "    # Printers. They bring the vendor's user name and password, which nobody here can\n"
      "    # check: each may use only the topics of the printer whose id is its client id.\n";
  if (plan.plain) {
    text +=
        "    # Without TLS: only for a network that nobody else is on. Who reaches it can call\n"
        "    # himself any printer, and read along.\n";
  }
  text += Listener(plan.printers_address, plan.printers_port.value_or(0), "printers", "none");
  if (plan.plain) {
    return text;
  }
  text += Tls(tls);
  text += "        ca_file: " + Quoted(tls.ca) + "\n";
  if (plan.require_certificate.value_or(false)) {
    text +=
        "        # Only printers that hold a certificate of the farm are admitted. A shared one\n"
        "        # says nothing about which printer it is.\n"
        "        require_certificate: true\n";
  } else {
    text +=
        "        # Also printers without a certificate of the farm are admitted. true: only those\n"
        "        # with one. With login: certificate and one for each printer (printfleet ca "
        "issue)\n"
        "        # none can pass itself off as another.\n"
        "        require_certificate: false\n";
  }
  return text;
}

std::string BrokerText(const Plan& plan, const TlsFiles& tls) {
  std::string text = "broker:\n  mode: managed\n  listeners:\n" + PrintersText(plan, tls);
  if (!plan.people_address.empty()) {
    text += "\n    # People and programs, by name and password (printfleet user add).\n";
    text += Listener(plan.people_address, plan.people_port, "people", "password");
    text += plan.plain ? "" : Tls(tls);
  }
  text +=
      "\n    # This machine: scripts and `printfleet send` without login, as author \"local\".\n";
  text += Listener("127.0.0.1", plan.local_port.value_or(0), "people", "none");
  text += "  # What \"local\" may do: viewer, operator or admin.\n  local_role: admin\n";
  return text;
}

std::string HttpText(const Plan& plan) {
  return "http:\n  listeners:\n    - { address: 127.0.0.1, port: " +
         std::to_string(plan.http_port) +
         ", serve: [metrics, console] }\n"
         "    # Printers fetch their files here.\n"
         "    - { address: " +
         Quoted(plan.printers_address) + ", port: " + std::to_string(plan.files_port) +
         ", serve: [files] }\n  public_url: " + Quoted(plan.public_url) + "\n";
}

}  // namespace

std::string Quoted(const std::string& text) {
  json::Writer writer;
  writer.String(text);
  return writer.Take();
}

std::string ConfigText(const Plan& plan, const TlsFiles& tls) {
  return "# Written by printfleet init; yours from now on. Every key there is: reference.yaml.\n"
         "#\n"
         "#   printfleet check --config " +
         plan.config + "\n#   printfleet serve --config " + plan.config +
         "\n\ndata_dir: " + Quoted(plan.data_dir) + "\n\n" + BrokerText(plan, tls) +
         "\n# The daemon runs PostgreSQL itself, with its files in data_dir.\n"
         "database:\n  mode: managed\n\n" +
         HttpText(plan) +
         "\nfleet:\n"
         "  # A printer heard of for the first time waits for `printfleet enroll`.\n"
         "  enrolment: manual\n";
}

}  // namespace printfleet::setup
