#include "loadgen/result/hdr_log.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>
#include <vector>

#include "loadgen/stats/hdr_log.hpp"

namespace loadgen::result {

namespace {

// Seconds since 1970 of "2030-01-31T23:59:59.125Z"; 0 for what is no such date.
double epoch_of(const std::string& started) {
    std::tm date{};
    const char* end = strptime(started.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
    if (end == nullptr) return 0;
    double fraction = 0;
    if (*end == '.') std::from_chars(end, started.c_str() + started.size(), fraction);
    return static_cast<double>(timegm(&date)) + fraction;
}

// The series has the measured time only.
double measured_from(const Result& result) {
    const double started = epoch_of(result.started);
    return started > 0 ? started + seconds_of(result.plan.load.warm_up) : 0;
}

}  // namespace

void write_hdr_log(std::ostream& out, const Result& result) {
    const bool open = result.plan.load.model == plan::Model::open;
    std::vector<stats::HdrLine> lines;
    // First, as they begin at 0 and readers of a part of a log stop at the first line behind it.
    std::vector<stats::Cells> totals;
    const std::size_t known = std::min(result.plan.endpoints.size(), result.endpoints.size());
    totals.reserve(2 * known);
    for (std::size_t i = 0; i < known; ++i) {
        const std::string& name = result.plan.endpoints[i].name;
        if (open) {
            totals.push_back(result.endpoints[i].response.cells());
            lines.push_back({name + "/response", 0, result.self.wall, &totals.back()});
        }
        totals.push_back(result.endpoints[i].service.cells());
        lines.push_back({name + "/service", 0, result.self.wall, &totals.back()});
    }
    for (const Stretch& stretch : result.stretches) {
        const auto start = static_cast<double>(stretch.first);
        const auto length = static_cast<double>(stretch.length);
        if (open) lines.push_back({"response", start, length, &stretch.response});
        lines.push_back({"service", start, length, &stretch.service});
    }
    stats::write_hdr_log(out, measured_from(result), lines);
}

}  // namespace loadgen::result
