// The deliberate fault that is chosen in the test program sim_mutants; 0 for none. See mutants.txt.
#pragma once

namespace printfleet {

extern int chosen_mutant;

}  // namespace printfleet
