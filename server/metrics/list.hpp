// The one list of all metrics: name, type, meaning, labels. Whoever emits a metric takes it from here;
// docs/metrics.md has the same list, and a test compares them.
//
// Threads: constants.
// Lifetime: the whole process.
// Cannot: hold values.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace baton::metrics {

enum class Metric {
    request_duration,
    responses,
    active_requests,
    request_phase,
    request_cpu,
    gil_held,
    gil_waiting,
    gil_hold,
    gil_acquire_wait,
    gil_releases,
    gil_waiters,
    gil_enabled,
    gil_blame,
    gil_longest_hold,
    gc_pause,
    gc_collections,
    event_loop_lag,
    event_loop_time,
    queue_length,
    interpreter_threads,
    interpreter_threads_limit,
    thread_decisions,
    requests_rejected,
    connections,
    connections_total,
    websockets,
    websocket_messages,
    bytes,
    thread_cpu,
    requests_per_cpu_second,
    runtime_info,
    process_cpu,
    process_resident_memory,
    process_virtual_memory,
    process_open_fds,
    process_max_fds,
    process_start_time,
};

enum class Type { counter, gauge, histogram };

struct Description {
    Metric metric;
    std::string_view name;
    Type type;
    std::string_view help;
    std::array<std::string_view, 5> labels;  // unused ones are empty

    std::size_t label_count() const;
};

std::span<const Description> list();
const Description& describe(Metric metric);

}  // namespace baton::metrics
