// How numbers and plans are put into words, the same in every report and in the live view. ASCII only, so
// that it can be read in any terminal and any log.
//
// Threads: pure functions. Lifetime: values. Cannot: be localised.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/plan/plan.hpp"
#include "loadgen/result/result.hpp"

namespace loadgen::report {

// The percentiles that every row shows, beside the maximum and the number of samples.
struct Percentile {
    std::string_view name;
    double fraction;
};
constexpr std::array<Percentile, 5> kPercentiles = {
    {{"p50", 0.50}, {"p75", 0.75}, {"p90", 0.90}, {"p99", 0.99}, {"p99.9", 0.999}}};

constexpr std::string_view kResponseRow = "response time (from due)";
constexpr std::string_view kServiceRow = "service time (from sent)";
constexpr std::string_view kFailedRow = "failed requests";
constexpr std::string_view kConnectRow = "opening a connection";
constexpr std::string_view kNotAvailable = "n/a";

std::string duration_text(double seconds);                    // three digits: "412 us", "2.31 ms", "1.20 s"
std::string duration_text(std::optional<Nanoseconds> value);  // or "n/a"
std::string span_text(Nanoseconds value);                     // of a plan: "10 s", "1.5 s", "500 ms"
std::string milliseconds_text(double seconds);                // without the unit: "2.310"
std::string count_text(std::uint64_t count);                  // "12,345"
std::string rate_text(double rate);                           // "500", "47.5", "12,345"
std::string bytes_text(std::uint64_t bytes);                  // "1.23 MB"
std::string percent_text(double share);                       // "12.5 %"; a share above 0 is never "0.0 %"

// A percentile of many with its own sample count beside: what kPercentiles, max and n have to say.
std::vector<std::string> latency_cells(const stats::Histogram& histogram);

// As given by others (paths, labels): control characters become '?', so that no terminal obeys them;
// shortened to `longest` bytes.
std::string printable(std::string_view text, std::size_t longest = 120);

// How often, and what the system said of the first: "refused: 12 (Connection refused)".
std::string failure_text(const result::Result& result, result::Failure failure);

std::string url_of(const plan::Endpoint& endpoint);
std::string target_line(const plan::Plan& plan);  // "GET http://127.0.0.1:8000/"; or how many endpoints
std::string model_line(const plan::Plan& plan);   // "500 requests/s, uniform, for 10 s after 1 s of warm-up"
bool is_open(const plan::Plan& plan) noexcept;

}  // namespace loadgen::report
