#include "server/history/json.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <string_view>

#include "server/log/escape.hpp"
#include "server/metrics/quantile.hpp"

namespace baton::history {
namespace {

namespace json = boost::json;
using metrics::Phase;

double seconds(Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

json::value or_null(std::optional<double> value) {
    return value ? number(*value) : json::value(nullptr);
}

// Requests per second; or since the start, of which the span is none, their number.
json::object sums_object(const RouteSums& sums, double span) {
    json::object phases;
    for (std::size_t i = 0; i < metrics::kPhases; ++i)
        phases[metrics::kPhaseNames[i]] = number(seconds(sums.phases[i]));
    json::object out{{"requests", sums.requests.count()},
                     {"errors", sums.errors},
                     {"seconds", number(seconds(sums.requests.sum))},
                     {"cpu_seconds", number(seconds(sums.cpu))},
                     {"p50", or_null(metrics::quantile(sums.requests, metrics::kRequestBounds, 0.5))},
                     {"p99", or_null(metrics::quantile(sums.requests, metrics::kRequestBounds, 0.99))},
                     {"phase_seconds", std::move(phases)}};
    if (span > 0) out["per_second"] = number(static_cast<double>(sums.requests.count()) / span);
    return out;
}

// "NAME":[...], of one number of each sample.
void append_column(std::string& out, std::string_view name, const History& history,
                   const std::function<float(const Sample&)>& get) {
    out.append("\"").append(name).append("\":[");
    for (std::size_t i = 0; i < history.size(); ++i) {
        const float value = get(history.at(i));
        if (i > 0) out += ',';
        if (std::isfinite(value)) {
            fmt::format_to(std::back_inserter(out), "{:.5g}", value);
        } else {
            out += "null";
        }
    }
    out += ']';
}

void append_gil(std::string& out, const History& history, std::size_t column) {
    out += json::serialize(json::value(history.columns()[column])) + ":{";
    append_column(out, "saturation", history,
                  [column](const Sample& sample) { return sample.gils[column].saturation; });
    out += ',';
    append_column(out, "waiters", history,
                  [column](const Sample& sample) { return sample.gils[column].waiters; });
    out += '}';
}

}  // namespace

json::value number(double value) {
    if (!std::isfinite(value)) return nullptr;
    return std::strtod(fmt::format("{:.5g}", value).c_str(), nullptr);
}

json::object sample_object(const Sample& sample, const std::vector<std::string>& columns) {
    json::object out{{"t", sample.at}};
    for (std::size_t i = 0; i < kFields; ++i)
        out[kFieldNames[i]] = number(static_cast<double>(sample.fields[i]));
    json::object gils;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        gils[columns[i]] = {{"saturation", number(static_cast<double>(sample.gils[i].saturation))},
                            {"waiters", number(static_cast<double>(sample.gils[i].waiters))}};
    }
    out["gil"] = std::move(gils);
    return out;
}

std::string history_json(const History& history) {
    std::string out = "{\"step\":1,\"t\":[";
    for (std::size_t i = 0; i < history.size(); ++i) {
        if (i > 0) out += ',';
        fmt::format_to(std::back_inserter(out), "{:.3f}", history.at(i).at);
    }
    out += "],";
    for (std::size_t field = 0; field < kFields; ++field) {
        append_column(out, kFieldNames[field], history,
                      [field](const Sample& sample) { return sample.fields[field]; });
        out += ',';
    }
    out += "\"gil\":{";
    for (std::size_t column = 0; column < history.columns().size(); ++column) {
        if (column > 0) out += ',';
        append_gil(out, history, column);
    }
    return out + "}}\n";
}

json::object routes_object(const RouteRates& rates, const metrics::Observation& seen, std::size_t most) {
    const double span = seconds(rates.window());
    json::array rows;
    for (const RouteRow& row : rates.rows(seen, most)) {
        json::object one = sums_object(row.now, span);
        one["route"] = row.label;
        one["by_loop"] = row.by_loop;
        one["total"] = sums_object(row.total, 0);
        rows.push_back(std::move(one));
    }
    return {{"window_seconds", number(span)}, {"rows", std::move(rows)}};
}

json::array slow_array(const std::vector<metrics::SlowRequest>& slowest,
                       const std::vector<std::string>& labels, double epoch) {
    json::array out;
    for (const metrics::SlowRequest& slow : slowest) {
        json::object phases;
        for (std::size_t i = 0; i < metrics::kPhases; ++i)
            phases[metrics::kPhaseNames[i]] = number(seconds(slow.spent.spent[i]));
        const bool known = slow.route < labels.size();
        out.push_back(json::object{{"id", log::escaped(slow.id)},
                                   {"method", log::escaped(slow.method)},
                                   {"path", log::escaped(slow.path)},
                                   {"route", known ? labels[slow.route] : std::string("_OTHER")},
                                   {"status", slow.status},
                                   {"seconds", number(seconds(slow.spent.duration))},
                                   {"phase_seconds", std::move(phases)},
                                   {"ended", epoch + seconds(slow.ended)}});
    }
    return out;
}

}  // namespace baton::history
