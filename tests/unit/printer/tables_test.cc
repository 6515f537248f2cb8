// The two tables, walked whole against literal matrices; the enums' names, both ways.
#include <gtest/gtest.h>

#include <array>

#include "printer/error_text.h"
#include "printer/job_table.h"
#include "printer/state.h"

namespace printfleet::printer {
namespace {

// clang-format off
// Columns: the inputs, in order. Rows: the states, in order. '.' stays; else the state's letter.
constexpr std::string_view kJobLetters = "rdcplnsuRxSE";
constexpr std::array<std::string_view, kJobStates> kJobMatrix = {
    // dow che pre lev pri psg psd res stp  fre fin set giv dis lost
    /* r requested   */ "dcplnsuRx" ".E.EEE",
    /* d downloading */ ".cplnsuRx" "SE..EE",
    /* c checking    */ "d.plnsuRx" "SE..EE",
    /* p preheating  */ "dc.lnsuRx" "SE..EE",
    /* l leveling    */ "dcp.nsuRx" "SE..EE",
    /* n printing    */ "dcpl.suRx" "SE..EE",
    /* s pausing     */ "dcpln.uRx" "SE..EE",
    /* u paused      */ "dcplns.Rx" "SE..EE",
    /* R resuming    */ "dcplnsu.x" "SE..EE",
    /* x stopping    */ "dcplnsuR." "EE..EE",
    /* S settling    */ "dcplnsuRx" ".EE.EE",
    /* E ended       */ "dcplnsuRx" "......",
};

// Columns: free busy final fault updating update_over.
constexpr std::string_view kStateLetters = "?oibdcplnsuRxUF";
constexpr std::array<std::string_view, kStates> kStateMatrix = {
    /* ? unknown     */ "ib.FU.",
    /* o offline     */ "ib.FU.",
    /* i idle        */ ".b.FU.",
    /* b busy        */ "i..FU.",
    /* d downloading */ "i.bF..",
    /* c checking    */ "i.bF..",
    /* p preheating  */ "i.bF..",
    /* l leveling    */ "i.bF..",
    /* n printing    */ "i.bF..",
    /* s pausing     */ "i.bF..",
    /* u paused      */ "i.bF..",
    /* R resuming    */ "i.bF..",
    /* x stopping    */ "i.bF..",
    /* U updating    */ "i..F.?",
    /* F fault       */ "i...U.",
};

// clang-format on

TEST(JobTable, EveryPairIsAsTheMatrixSays) {
  for (size_t state = 0; state < kJobStates; ++state) {
    ASSERT_EQ(kJobMatrix[state].size(), static_cast<size_t>(kJobInputs));
    for (size_t input = 0; input < kJobInputs; ++input) {
      const char letter = kJobMatrix[state][input];
      const size_t expected = letter == '.' ? state : kJobLetters.find(letter);
      const JobState next = Next(static_cast<JobState>(state), static_cast<JobInput>(input));
      EXPECT_EQ(static_cast<size_t>(next), expected) << "state " << state << " input " << input;
    }
  }
}

TEST(StateTable, EveryPairIsAsTheMatrixSays) {
  for (size_t state = 0; state < kStates; ++state) {
    ASSERT_EQ(kStateMatrix[state].size(), static_cast<size_t>(kStateInputs));
    for (size_t input = 0; input < kStateInputs; ++input) {
      const char letter = kStateMatrix[state][input];
      const size_t expected = letter == '.' ? state : kStateLetters.find(letter);
      const State next = NextState(static_cast<State>(state), static_cast<StateInput>(input));
      EXPECT_EQ(static_cast<size_t>(next), expected) << "state " << state << " input " << input;
    }
  }
}

TEST(StateTable, EveryPhaseOfAJobIsAStateOfTheSameName) {
  for (int i = 0; i < kJobStates; ++i) {
    const auto job_state = static_cast<JobState>(i);
    const auto state = StateOf(job_state);
    if (state) {
      EXPECT_EQ(Name(*state), Name(job_state));
    }
  }
  EXPECT_FALSE(StateOf(JobState::kRequested));
  EXPECT_FALSE(StateOf(JobState::kSettling));
  EXPECT_FALSE(StateOf(JobState::kEnded));
}

template <typename Enum, typename Parse>
void ExpectRoundTrip(int count, Parse parse) {
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<Enum>(i);
    EXPECT_EQ(parse(Name(value)), value) << Name(value);
  }
  EXPECT_FALSE(parse("no such name"));
}

TEST(Names, ReadBackAsTheyWereWritten) {
  ExpectRoundTrip<State>(kStates, ParseState);
  ExpectRoundTrip<Enrolment>(4, ParseEnrolment);
  ExpectRoundTrip<Bed>(3, ParseBed);
  ExpectRoundTrip<JobState>(kJobStates, ParseJobState);
  ExpectRoundTrip<Outcome>(6, ParseOutcome);
  EXPECT_EQ(Name(JobSource::kCommand), "command");
  EXPECT_EQ(Name(JobSource::kPanel), "panel");
  EXPECT_EQ(Name(Presence::kSuspect), "suspect");
}

TEST(ErrorText, JoinsTheCodesTextAndThePrintersWord) {
  settings::ErrorCodes codes;
  codes.Add({10105, settings::ErrorKind::kFailure, "file download failed", "",
             settings::Retry::kNever, ""});
  protocol::Envelope envelope;
  envelope.code = 10105;
  envelope.message = "curl 7";
  EXPECT_EQ(ErrorText(codes, envelope), "file download failed: curl 7");
  envelope.message = "done";
  EXPECT_EQ(ErrorText(codes, envelope), "file download failed");
  envelope.code = 77777;
  EXPECT_EQ(ErrorText(codes, envelope), "");
  envelope.message = "smoke\xFF";
  EXPECT_EQ(ErrorText(codes, envelope), "smoke\xEF\xBF\xBD");
}

}  // namespace
}  // namespace printfleet::printer
