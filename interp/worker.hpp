// The threads that run Python: each takes Exchanges from the queue and hands them to the Application.
//
// Threads: WorkerPool is main's; grow() and retire() from one other thread, which stops before join_until();
// size(), states() and cpu_clocks() from any, at any time. None of them waits for the GIL.
// Lifetime: ends before the Runtime, the queue and the Application. A thread that is stuck in Python cannot
// be ended; the pool lets go of it then, and the process must end with _exit() (join_until() tells). Cannot:
// interrupt Python.
#pragma once

#include <pthread.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "interp/application.hpp"
#include "interp/runtime.hpp"
#include "server/dispatch/work_queue.hpp"

namespace baton::interp {

// Of the interpreter threads at one moment. `waiting` and `running` come from the GIL ledger; when it is off,
// every thread with a request counts as running.
struct WorkerStates {
    std::size_t running = 0;  // holds the GIL
    std::size_t waiting = 0;  // in line for it
    std::size_t off_gil = 0;  // has a request, and neither holds the lock nor wants it
    std::size_t idle = 0;
};

class WorkerPool {
  public:
    // Called on each thread, detached: before its first request, and after its last.
    struct Hooks {
        std::function<void()> began;
        std::function<void()> ending;
    };

    WorkerPool(Runtime& runtime, dispatch::WorkQueue& queue, Application& application, Hooks hooks);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    // Closes the queue if that has not been done. Waits a few seconds for threads that have not ended.
    ~WorkerPool();

    // So many threads more; how many there are of them, should the system refuse some.
    std::size_t grow(std::size_t threads);
    // Ends so many threads that are idle; how many there were.
    std::size_t retire(std::size_t threads);
    // No more work: threads end when the queue is empty.
    void close();
    // Waits until all threads have ended, at the longest until then; says how many have not.
    std::size_t join_until(std::chrono::steady_clock::time_point deadline);

    // Those that live, without those on their way out.
    std::size_t size() const;
    WorkerStates states() const;
    // For clock_gettime(): the CPU time of each thread that lives; a clock whose thread has ended meanwhile
    // gives an error.
    std::vector<clockid_t> cpu_clocks() const;

  private:
    struct Shared;

    bool start_one();
    std::size_t free_number() const;
    void join_ended();

    std::shared_ptr<Shared> shared_;
    std::map<std::size_t, std::thread> threads_;  // by number; whoever grows and retires, main at the end
};

}  // namespace baton::interp
