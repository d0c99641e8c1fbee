#include "server/admin/loop_status.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "server/metrics/quantile.hpp"

namespace baton::admin {
namespace {

namespace json = boost::json;
using metrics::LoopSample;
using metrics::Observation;

double seconds(metrics::Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

// Nothing before the loop has begun.
std::optional<double> share_active(const LoopSample& loop) {
    const metrics::Nanoseconds all = loop.active + loop.idle;
    if (all <= 0) return std::nullopt;
    return static_cast<double>(loop.active) / static_cast<double>(all);
}

std::optional<double> lag(const LoopSample& loop, double quantile) {
    return metrics::quantile(loop.lag, metrics::kPhaseBounds, quantile);
}

json::value or_null(std::optional<double> value) {
    return value ? json::value(*value) : json::value(nullptr);
}

std::string text(std::optional<double> value, double factor, std::string_view unit) {
    return value ? fmt::format("{:.3g} {}", *value * factor, unit) : "-";
}

}  // namespace

json::array loops_array(const Observation& seen) {
    json::array out;
    for (const LoopSample& loop : seen.loops) {
        out.push_back(json::object{{"interpreter", loop.interpreter},
                                   {"name", loop.name},
                                   {"active_seconds", seconds(loop.active)},
                                   {"idle_seconds", seconds(loop.idle)},
                                   {"active_share", or_null(share_active(loop))},
                                   {"lag_p50_seconds", or_null(lag(loop, 0.5))},
                                   {"lag_p99_seconds", or_null(lag(loop, 0.99))}});
    }
    return out;
}

std::string loops_html(const Observation& seen) {
    std::string html;
    for (const LoopSample& loop : seen.loops) {
        html += fmt::format("<li>{} ({}): lag p50 {}, p99 {}, active {}</li>\n", loop.interpreter, loop.name,
                            text(lag(loop, 0.5), 1e3, "ms"), text(lag(loop, 0.99), 1e3, "ms"),
                            text(share_active(loop), 100, "%"));
    }
    return html;
}

}  // namespace baton::admin
