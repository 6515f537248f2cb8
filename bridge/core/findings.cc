#include "core/findings.h"

#include <algorithm>
#include <string_view>

#include "printer/state.h"

namespace printfleet::core {
namespace {

using printer::Enrolment;
using printer::OfflineReason;
using printer::Presence;

// What OpenSSL says, and what that means here.
struct TlsTrouble {
  std::string_view said;
  std::string_view meaning;
};

constexpr TlsTrouble kTlsTroubles[] = {
    {"did not return a certificate",
     "it shows no client certificate, and the listener asks for one: put client.crt and client.key "
     "on the printer, or set tls.require_certificate: false"},
    {"certificate verify failed",
     "its client certificate is not signed by the listener's tls.ca_file, or has expired: give it "
     "one that is"},
    {"unknown ca",
     "the printer does not trust the broker's certificate: put the authority that signed "
     "tls.cert_file on it as ca.crt"},
    {"certificate expired", "a certificate has expired: look at the dates and the clocks"},
    {"wrong version number",
     "it does not speak TLS to a TLS listener: use mqtts:// on the printer, or another port"},
    {"http request", "something that is no printer speaks HTTP to the TLS listener"},
    {"unsupported protocol", "it speaks an older TLS than 1.2"},
    {"no shared cipher", "it shares no cipher with the broker"},
};

std::string_view MeaningOf(std::string_view detail) {
  for (const TlsTrouble& trouble : kTlsTroubles) {
    if (detail.find(trouble.said) != std::string_view::npos) {
      return trouble.meaning;
    }
  }
  return "TLS with it fails";
}

std::string From(const Sessions::Refusal& refusal) {
  return refusal.address.empty() ? "an unknown address" : refusal.address;
}

std::string Refused(const Sessions::Refusal& refusal) {
  const std::string who =
      "A connection from " + From(refusal) + " was refused at " + FormatIso8601(refusal.at) + ": ";
  if (refusal.reason == OfflineReason::kLogin) {
    return who +
           "wrong user name or password. Set what `printfleet user` knows on the printer, or "
           "login: none for the printers' listener.";
  }
  if (refusal.reason == OfflineReason::kCertificate) {
    return who + std::string(MeaningOf(refusal.detail)) + ".";
  }
  return who + "it did not speak MQTT (TLS to a listener without tls, or no printer at all).";
}

void AddRefusals(const Facts& facts, std::vector<std::string>& findings) {
  constexpr size_t kShownMax = 3;
  std::vector<std::string> said;
  for (auto refusal = facts.refusals.rbegin(); refusal != facts.refusals.rend(); ++refusal) {
    const bool again =
        std::any_of(facts.refusals.rbegin(), refusal, [&](const Sessions::Refusal& other) {
          return other.address == refusal->address && other.reason == refusal->reason &&
                 other.detail == refusal->detail;
        });
    if (!again && said.size() < kShownMax) {
      said.push_back(Refused(*refusal));
    }
  }
  findings.insert(findings.end(), said.begin(), said.end());
}

void AddTopics(const Facts& facts, std::vector<std::string>& findings) {
  if (facts.client == nullptr || facts.client->denied.empty()) {
    return;
  }
  findings.push_back("The broker refuses what it publishes, for example on " +
                     facts.client->denied.begin()->first +
                     ": a client may use only the topics of the printer whose id is its client id "
                     "(with a login, its user name).");
}

// Why is it away? By the reason, in the words of an operator.
std::string WhyAway(OfflineReason reason) {
  switch (reason) {
    case OfflineReason::kNone:
      return "It was not heard since the daemon began to listen.";
    case OfflineReason::kWill:
      return "Its will came: its connection broke off.";
    case OfflineReason::kSilent:
      return "It fell silent and answers nothing: it hangs, or its network is gone.";
    case OfflineReason::kDisconnected:
      return "It said goodbye to the broker: it was switched off or restarted in an orderly way.";
    case OfflineReason::kConnectionLost:
      return "Its connection was cut without a goodbye: power, network, or its program crashed.";
    case OfflineReason::kTimeout:
      return "Its connection stood, but nothing came through any more: power or network is gone.";
    case OfflineReason::kProtocolError:
      return "The broker closed its connection because it could not read what it sent.";
    case OfflineReason::kLogin:
      return "The broker refuses its login.";
    case OfflineReason::kCertificate:
      return "TLS between it and the broker fails.";
  }
  return "";
}

void AddEnrolment(const printer::Printer& printer, std::vector<std::string>& findings) {
  switch (printer.registration.enrolment) {
    case Enrolment::kEnrolled:
      break;
    case Enrolment::kPending:
      findings.emplace_back("It is not enrolled, so it takes no commands: printer.enroll.");
      break;
    case Enrolment::kRejected:
      findings.emplace_back("It was rejected, so it takes no commands: printer.enroll.");
      break;
    case Enrolment::kRetired:
      findings.emplace_back("It is retired, so what it says is ignored: printer.enroll.");
      break;
  }
}

void AddPresence(const Facts& facts, const printer::Printer& printer,
                 std::vector<std::string>& findings) {
  const bool alive = printer.session == printer::SessionState::kAlive;
  if (facts.status_answered) {
    findings.emplace_back("It is connected and answers.");
  } else if (!IsThere(printer) && alive) {
    findings.emplace_back(
        "The broker holds a connection of it, but nothing comes through: it hangs, or its network "
        "is gone. Switch it off and on.");
  } else if (!IsThere(printer)) {
    findings.push_back(WhyAway(printer.offline_reason) +
                       " Look at its power, its network and the broker's address on it.");
  } else if (printer.presence == Presence::kOnline) {
    findings.emplace_back(
        "It reports, but does not answer questions: it may listen to other topics. Try "
        "printer.set topic_form=long or short, and check its firmware.");
  } else {
    findings.push_back(WhyAway(printer.suspected_of) + " It is being asked.");
  }
}

void AddNeverHeard(const Facts& facts, std::vector<std::string>& findings) {
  if (facts.client != nullptr && !facts.client->attempts.empty()) {
    findings.push_back("A client of this id connected from " +
                       facts.client->attempts.back().address +
                       ", but no report of it came: its topics must carry this id.");
  } else if (facts.log == LogView::kNone) {
    findings.emplace_back(
        "No printer of this id was ever heard, and what this broker refuses is not seen here: look "
        "at its own log.");
  } else {
    findings.emplace_back(
        "No client of this id has connected since the daemon began to listen. Look at its power, "
        "its network and the broker's address on it; a connection that is refused shows no id.");
  }
}

}  // namespace

std::vector<std::string> Findings(const Facts& facts) {
  std::vector<std::string> findings;
  if (!facts.live) {
    findings.emplace_back("The bridge itself is deaf, so nothing can be said of any printer.");
  } else if (facts.printer == nullptr) {
    AddNeverHeard(facts, findings);
  } else {
    AddPresence(facts, *facts.printer, findings);
    AddEnrolment(*facts.printer, findings);
    if (facts.printer->flapping.on()) {
      findings.push_back("It comes and goes (" + std::to_string(facts.printer->flapping.count) +
                         " times since " + FormatIso8601(*facts.printer->flapping.since) +
                         "): look at its network and its power supply.");
    }
  }
  AddTopics(facts, findings);
  if (facts.client != nullptr && facts.client->replaced > 0) {
    findings.push_back("Its id was taken over by another connection " +
                       std::to_string(facts.client->replaced) +
                       " times: once in a while is a printer that connects again; often means two "
                       "clients with one id.");
  }
  if (!facts.status_answered) {
    AddRefusals(facts, findings);
  }
  return findings;
}

}  // namespace printfleet::core
