// What happened between two moments, usually a second apart, in numbers that are drawn.
//
// Threads: plain values; the functions are pure. Lifetime: refers to nothing.
// Cannot: be more exact than float (7 digits), nor its quantiles than the buckets that they come from: they
// are interpolated inside a bucket of kRequestBounds, as PromQL does it.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "server/history/moment.hpp"

namespace baton::history {

// NAN: there is no such number, such as the median of no requests.
inline constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

enum class Field : std::uint8_t {
    requests,      // per second
    errors,        // per second
    rejected,      // per second
    p50,           // seconds
    p99,           // seconds
    per_core,      // requests per second of CPU time
    cores,         // CPU seconds per second
    queue,         // now
    active,        // requests, now
    connections,   // now
    websockets,    // now
    memory,        // bytes, now
    loop_lag_p99,  // seconds
    loop_active,   // share
    // Seconds per second spent in each phase, which is the mean number of requests in it.
    in_queue,
    in_gil_wait,
    in_gil_hold,
    in_lock_wait,
    in_ready,
    in_off_gil,
    in_send,
};
inline constexpr std::size_t kFields = 21;
inline constexpr std::array<std::string_view, kFields> kFieldNames = {
    "requests", "errors",      "rejected",    "p50",          "p99",      "per_core",     "cores",
    "queue",    "active",      "connections", "websockets",   "memory",   "loop_lag_p99", "loop_active",
    "in_queue", "in_gil_wait", "in_gil_hold", "in_lock_wait", "in_ready", "in_off_gil",   "in_send"};

struct GilShare {
    float saturation = kNone;  // share of the time that somebody held it
    float waiters = kNone;     // threads in line, on average
};

struct Sample {
    double at = 0.0;  // seconds since the epoch, of its end
    std::array<float, kFields> fields{};
    // By column; which interpreter a column is, the History knows.
    static constexpr std::size_t kMostGils = 16;
    std::array<GilShare, kMostGils> gils{};

    float& operator[](Field field) { return fields[static_cast<std::size_t>(field)]; }
    float operator[](Field field) const { return fields[static_cast<std::size_t>(field)]; }
};

// `columns` are the interpreters; one that is in neither or in one moment only has no share.
Sample sample(const Moment& then, const Moment& now, const std::vector<std::string>& columns);

// Of a histogram that only grows: what came between.
template <std::size_t N>
metrics::HistogramCount<N> difference(const metrics::HistogramCount<N>& then,
                                      const metrics::HistogramCount<N>& now) {
    metrics::HistogramCount<N> out;
    for (std::size_t i = 0; i < out.buckets.size(); ++i)
        out.buckets[i] = now.buckets[i] >= then.buckets[i] ? now.buckets[i] - then.buckets[i] : 0;
    out.sum = now.sum - then.sum;
    return out;
}

}  // namespace baton::history
