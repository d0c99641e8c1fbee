#include "loadgen/engine/engine.hpp"

#include <algorithm>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

#include "loadgen/engine/descriptors.hpp"
#include "loadgen/engine/prepared.hpp"
#include "loadgen/engine/worker.hpp"

namespace loadgen::engine {

namespace {

constexpr Nanoseconds kLook = std::chrono::milliseconds(20);

double process_cpu() noexcept {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Connections of one worker, when `all` are shared out; none is left over.
std::size_t part_of(std::size_t all, std::size_t index, std::size_t workers) {
    return all / workers + (index < all % workers ? 1 : 0);
}

}  // namespace

Engine::Engine(const plan::Plan& plan, Sink sink) : plan_(plan), sink_(std::move(sink)), targets_(plan) {
    need_descriptors(plan.load.connections, std::min(plan.load.threads, plan.load.connections));
}

Outcome Engine::run(Moment start) {
    const std::vector<Prepared> prepared = prepare(plan_);
    // A worker without a connection could do nothing.
    const std::size_t workers = std::clamp<std::size_t>(plan_.load.connections, 1, plan_.load.threads);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < workers; ++i)
        threads.emplace_back([&, i] {
            const Worker::Share share{i, workers, part_of(plan_.load.connections, i, workers)};
            Worker(plan_, targets_, prepared, sink_, share).run(start, stops_);
        });
    const Moment measured = start + plan_.load.warm_up;
    const Moment end = measured + plan_.load.duration;
    const auto wait_until = [this](Moment when) {
        while (Clock::now() < when && stops_ == 0)
            std::this_thread::sleep_for(std::min(kLook, when - Clock::now()));
    };
    wait_until(measured);
    const double cpu = process_cpu();
    wait_until(end);
    Outcome outcome;
    outcome.stopped = stops_ > 0;
    outcome.wall = std::max(0.0, seconds_of(std::min(Clock::now(), end) - measured));
    outcome.cpu = process_cpu() - cpu;
    for (std::jthread& thread : threads) thread.join();
    return outcome;
}

}  // namespace loadgen::engine
