#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <set>

#include "loadgen/report/html_parts.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report::html {

namespace json = boost::json;

namespace {

// More points than a screen has columns only make the file large.
constexpr std::size_t kMostPoints = 3600;
constexpr double kNinesStep = 0.05;

json::value seconds_or_null(std::optional<Nanoseconds> value) {
    return value ? json::value(seconds_of(*value)) : json::value(nullptr);
}

// As many nines as there are samples for, and the values at them.
json::object percentiles(const result::Sum& all) {
    json::array nines;
    json::array response;
    json::array service;
    for (int step = 0;; ++step) {
        const double at = step * kNinesStep;
        const double fraction = 1 - std::pow(10.0, -at);
        // At 0 this is the least value, which needs no more than one sample.
        const bool first = step == 0 && all.service.count() > 0;
        if (!first && !result::enough(all.service.count(), std::max(fraction, 0.5))) break;
        nines.push_back(at);
        response.push_back(first ? json::value(seconds_of(all.response.least()))
                                 : seconds_or_null(all.response.count() > 0
                                                       ? std::optional(all.response.at(fraction))
                                                       : std::nullopt));
        service.push_back(seconds_of(first ? all.service.least() : all.service.at(fraction)));
    }
    return {{"nines", std::move(nines)}, {"response", std::move(response)}, {"service", std::move(service)}};
}

class Series {
  public:
    explicit Series(const std::vector<result::Second>& seconds)
        : seconds_(seconds), window_(window_of(seconds)) {
        for (const result::Second& second : seconds) {
            for (const auto& [status, count] : second.statuses) codes_.insert(status);
        }
    }

    void add(std::size_t at) {
        const result::Second& second = seconds_[at];
        push("t", at);
        push("due", second.due);
        push("answered", second.answered);
        push("errors", second.errors);
        push("in_flight", second.in_flight);
        push("cpu", std::isfinite(second.cpu) ? second.cpu : 0);
        latency("response", at, &result::Second::response);
        latency("service", at, &result::Second::service);
        for (const int code : codes_) {
            const auto found = second.statuses.find(code);
            array(statuses_, std::to_string(code))
                .push_back(found == second.statuses.end() ? 0 : found->second);
        }
    }

    json::object made() && {
        array(lists_, "t");
        lists_["window"] = window_;
        lists_["statuses"] = std::move(statuses_);
        return std::move(lists_);
    }

  private:
    static json::array& array(json::object& of, const std::string& name) {
        return of.emplace(name, json::array()).first->value().as_array();
    }
    template <typename Value>
    void push(const char* name, Value value) {
        array(lists_, name).push_back(value);
    }
    // The median of the second itself; the p99 of as many seconds, up to this one, as it takes to have one.
    void latency(const std::string& name, std::size_t at, stats::Cells result::Second::* cells) {
        scratch_.reset();
        scratch_.add(seconds_[at].*cells);
        array(lists_, name + "50").push_back(seconds_or_null(result::percentile(scratch_, 0.50)));
        for (std::size_t back = 1; back < window_ && back <= at; ++back)
            scratch_.add(seconds_[at - back].*cells);
        array(lists_, name + "99").push_back(seconds_or_null(result::percentile(scratch_, 0.99)));
    }

    static std::size_t window_of(const std::vector<result::Second>& seconds) {
        constexpr std::size_t kLongest = 30;
        std::uint64_t answers = 0;
        for (const result::Second& second : seconds) answers += second.service.total;
        if (answers == 0) return 1;
        const double mean = static_cast<double>(answers) / static_cast<double>(seconds.size());
        // A little more than 1000, as seconds differ.
        return std::clamp(static_cast<std::size_t>(std::ceil(1050 / mean)), std::size_t{1}, kLongest);
    }

    const std::vector<result::Second>& seconds_;
    std::size_t window_;
    std::set<int> codes_;
    json::object lists_;
    json::object statuses_;
    stats::Histogram scratch_;
};

}  // namespace

std::string chart_data(const Report& report) {
    const result::Result& result = report.result;
    Series series(result.seconds);
    // The last may be what ended behind the measured time; a rate of it would mean nothing.
    const auto whole = static_cast<std::size_t>(std::max(0.0, std::ceil(result.self.wall - 0.01)));
    const std::size_t count = std::min(result.seconds.size(), whole);
    const std::size_t step = std::max<std::size_t>(1, (count + kMostPoints - 1) / kMostPoints);
    for (std::size_t i = 0; i < count; i += step) series.add(i);
    return json::serialize(json::object{{"open", is_open(result.plan)},
                                        {"percentiles", percentiles(result.all)},
                                        {"series", std::move(series).made()}});
}

}  // namespace loadgen::report::html
