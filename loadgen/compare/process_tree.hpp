// All processes that this one has started, and theirs in turn: which there are, and the CPU time they have
// used.
//
// A server's workers are found by their parents. When a parent in between ends, its children would become
// init's and be lost; adopt_orphans() has the kernel give them to this process instead
// (PR_SET_CHILD_SUBREAPER), so also a tree whose master has died is counted whole.
//
// Threads: any, one at a time. Lifetime: the adoption lasts as long as this process. Cannot: count children
// that ended without being waited for (their parent ignores SIGCHLD): the kernel adds their time to nobody's;
// tell apart what this process started for other purposes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace loadgen::compare {

void adopt_orphans() noexcept;

struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    std::uint64_t started = 0;  // ticks since boot: tells a process from a later one with the same number
    double own = 0;             // CPU seconds, user and system, of all its threads
    double reaped = 0;          // of children that it has waited for, and theirs
    bool ended = false;         // a zombie: nobody has waited for it yet
};

// Below `root`, itself left out.
std::vector<Process> descendants_of(pid_t root);

// CPU seconds of all that this process has started, ended processes included. Only goes up.
double descendants_cpu();

}  // namespace loadgen::compare
