// Step: one Apply on one printer. Handlers change the printer and note what happened; Finish
// compares it with what it was and completes the Change.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "printer/apply.h"

namespace printfleet::printer {

class Step {
 public:
  // Requires: no other Step of this thread lives.
  Step(Printer& changed_printer, const Context& its_context);
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  [[nodiscard]] Change Finish();

  void Notify(std::string_view kind, std::string text, JobId job_id = {});

  // A new error of the printer: last_error and a notice, unless it is the one already known.
  void NoteError(int64_t code, const std::string& text, bool of_print);

  // News that speaks against last_error: of the print (it goes on), or not of it.
  void ContradictError(bool of_print);

  [[nodiscard]] WallTime wall() const { return context.now.wall; }

  [[nodiscard]] MonoTime mono() const { return context.now.mono; }

  Printer& printer;
  const Context& context;
  Change change;
  // The job that another took the place of in the printer.
  std::optional<Job> displaced;

 private:
  struct Before;

  void CompareJobs();

  State state_before_;
  bool away_before_;
  Readings readings_before_;
  // Texts that hardly a report changes: one copy's memory serves all Steps, one after the other.
  Before& before_;
};

}  // namespace printfleet::printer
