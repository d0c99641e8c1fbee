#include "server/metrics/list.hpp"

namespace baton::metrics {
namespace {

constexpr Description kList[] = {
    {Metric::request_duration,
     "http_server_request_duration_seconds",
     Type::histogram,
     "Time from the complete request head to the last byte of the response handed to the kernel.",
     {"http_request_method", "http_route", "http_response_status_code"}},
    {Metric::active_requests,
     "http_server_active_requests",
     Type::gauge,
     "Requests begun and not yet ended.",
     {}},
    {Metric::request_phase,
     "baton_request_phase_seconds",
     Type::histogram,
     "Time of requests by phase; the phases add up to the duration.",
     {"http_route", "phase"}},
    {Metric::gil_held,
     "cpython_gil_held_seconds_total",
     Type::counter,
     "Time that threads held the GIL, the hold in progress included.",
     {"interpreter"}},
    {Metric::gil_waiting,
     "cpython_gil_waiting_seconds_total",
     Type::counter,
     "Time that threads waited for the GIL, added up over threads, the waits in progress included.",
     {"interpreter"}},
    {Metric::gil_hold,
     "cpython_gil_hold_seconds",
     Type::histogram,
     "Length of each uninterrupted hold of the GIL.",
     {"interpreter"}},
    {Metric::gil_acquire_wait,
     "cpython_gil_acquire_wait_seconds",
     Type::histogram,
     "Wait of each acquisition of the GIL, uncontended ones included.",
     {"interpreter"}},
    {Metric::gil_releases,
     "cpython_gil_releases_total",
     Type::counter,
     "Releases of the GIL: forced because another thread had asked, or voluntary.",
     {"interpreter", "reason"}},
    {Metric::gil_waiters,
     "cpython_gil_waiters",
     Type::gauge,
     "Threads in line for the GIL now.",
     {"interpreter"}},
    {Metric::gil_enabled,
     "cpython_gil_enabled",
     Type::gauge,
     "1 with a GIL, 0 on a free-threaded build that runs without; then the other GIL series are absent.",
     {"interpreter"}},
    {Metric::queue_length,
     "baton_queue_length",
     Type::gauge,
     "Requests that wait for an interpreter thread now.",
     {}},
    {Metric::interpreter_threads,
     "baton_interpreter_threads",
     Type::gauge,
     "Interpreter threads: running Python, waiting for the GIL, in a request off the GIL, or idle.",
     {"state"}},
    {Metric::interpreter_threads_limit,
     "baton_interpreter_threads_limit",
     Type::gauge,
     "Bounds of the number of interpreter threads; equal when it is fixed.",
     {"bound"}},
    {Metric::thread_decisions,
     "baton_thread_decisions_total",
     Type::counter,
     "Looks at the number of interpreter threads, by the reason for changing it or for leaving it.",
     {"reason"}},
    {Metric::requests_rejected,
     "baton_requests_rejected_total",
     Type::counter,
     "Requests and connections that the server refused or gave up.",
     {"reason"}},
    {Metric::connections,
     "baton_connections",
     Type::gauge,
     "Open connections: with a request, or idle.",
     {"state"}},
    {Metric::connections_total, "baton_connections_total", Type::counter, "Connections accepted.", {}},
    {Metric::bytes,
     "baton_bytes_total",
     Type::counter,
     "Bytes received from and sent to clients.",
     {"direction"}},
    {Metric::thread_cpu,
     "baton_thread_cpu_seconds_total",
     Type::counter,
     "CPU time by role of the thread; application is every thread that the server did not start.",
     {"role"}},
    {Metric::requests_per_cpu_second,
     "baton_requests_per_cpu_second",
     Type::gauge,
     "Requests completed per second of CPU time of the process, over the last 10 seconds.",
     {}},
    {Metric::runtime_info,
     "baton_runtime_info",
     Type::gauge,
     "Always 1; the labels say what runs.",
     {"version", "python_version", "mode", "interface", "gil_policy"}},
    {Metric::process_cpu,
     "process_cpu_seconds_total",
     Type::counter,
     "CPU time of the process, user and system.",
     {}},
    {Metric::process_resident_memory, "process_resident_memory_bytes", Type::gauge, "Resident memory.", {}},
    {Metric::process_virtual_memory, "process_virtual_memory_bytes", Type::gauge, "Virtual memory.", {}},
    {Metric::process_open_fds, "process_open_fds", Type::gauge, "Open file descriptors.", {}},
    {Metric::process_max_fds, "process_max_fds", Type::gauge, "Most file descriptors that may be open.", {}},
    {Metric::process_start_time,
     "process_start_time_seconds",
     Type::gauge,
     "Start of the process in seconds since the epoch.",
     {}},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < std::size(kList); ++i) {
        if (static_cast<std::size_t>(kList[i].metric) != i) return false;
    }
    return true;
}
static_assert(in_order(), "the list has the order of the enumeration");

}  // namespace

std::size_t Description::label_count() const {
    std::size_t count = 0;
    while (count < labels.size() && !labels[count].empty()) ++count;
    return count;
}

std::span<const Description> list() {
    return kList;
}

const Description& describe(Metric metric) {
    return kList[static_cast<std::size_t>(metric)];
}

}  // namespace baton::metrics
