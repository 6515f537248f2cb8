// Moments at which a test of faults may stop, kill or mislead this program. Compiled in only with
// -DPRINTFLEET_FAILPOINTS=ON; else the macros are nothing and no name is in the program.
//
// The test names a directory in the environment, PRINTFLEET_FAILPOINT_DIR, before the start.
// Without it a failpoint costs one comparison. A file <directory>/<name> arms one; its text is
//
//   ACTION SKIP WORD
//
// SKIP passes go by, the next one writes <name>.reached and does ACTION:
//   pause  the thread waits until <name> is gone (a minute at most)
//   kill   <name> is removed, and the process sends itself SIGKILL
//   error  <name> is removed, and FAILPOINT_FAILS is true this once
// WORD is new each time a failpoint is armed, so that passes are counted from there.
#pragma once

#ifdef PRINTFLEET_FAILPOINTS

namespace printfleet {

// True: the caller has to fail. Any thread.
bool PassFailpoint(const char* name);

}  // namespace printfleet

#define FAILPOINT(name) static_cast<void>(::printfleet::PassFailpoint(name))
#define FAILPOINT_FAILS(name) ::printfleet::PassFailpoint(name)

#else

#define FAILPOINT(name) static_cast<void>(0)
#define FAILPOINT_FAILS(name) false

#endif
