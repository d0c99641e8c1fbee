// How the process ends, and what it says on standard error.
//
// Threads: any; each line is one write, as the log's thread writes there, too.
// Lifetime: nothing is kept. Cannot: end the process; main returns the status.
#pragma once

#include <string>

namespace baton::app {

enum ExitStatus { kEnded = 0, kFailed = 1, kUsage = 2, kNoApplication = 3, kNoAddress = 4 };

// "baton: TEXT"
void say(const std::string& text);
ExitStatus complain(ExitStatus status, const std::string& text);
// The one line for whatever was thrown. Only where something is being handled.
ExitStatus complain_of_current_exception();

}  // namespace baton::app
