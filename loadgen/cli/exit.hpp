// The exit statuses of baton-load: a contract with scripts.
//
// Threads: any. Lifetime: none. Cannot: change.
#pragma once

namespace loadgen::cli {

enum Exit : int {
    kWell = 0,
    kThreshold = 1,      // a threshold failed
    kUsage = 2,          // unusable options, scenario or report
    kUnreachable = 3,    // the target could not be reached
    kBottleneck = 4,     // the generator itself was the bottleneck, or the rate was not delivered
    kInterrupted = 130,  // before there was anything to say: 128 and SIGINT, as shells have it
};

}  // namespace loadgen::cli
