// The Python world's books in the metrics' words.
//
// Threads: any; none of it waits for the GIL. Lifetime: values.
// Cannot: know what a number means; that is docs/metrics.md.
#pragma once

#include <string>
#include <vector>

#include "interp/asgi/event_loop.hpp"
#include "interp/gc_watch.hpp"
#include "interp/long_holds.hpp"
#include "interp/runtime.hpp"
#include "interp/worker.hpp"
#include "server/advisor/advice.hpp"
#include "server/dispatch/thread_keeper.hpp"
#include "server/metrics/sources.hpp"

namespace baton::app {

std::vector<metrics::GilSample> gil_samples(const interp::Runtime& runtime);
std::vector<metrics::GcSample> gc_samples(const interp::GcWatch& watch);
std::vector<metrics::PythonThread> python_threads();
metrics::ThreadStates thread_states(const interp::WorkerPool& pool, const dispatch::ThreadKeeper& keeper);
metrics::LoopSample loop_sample(const interp::asgi::EventLoop& loop);
std::string party_name(metrics::Party party);
std::vector<advisor::NamedHold> named_holds(const interp::LongHolds& watch);
dispatch::GilUse main_gil();

}  // namespace baton::app
