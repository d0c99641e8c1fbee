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

// Of a long run a point is a stretch of seconds: counts are per second, latencies those of all its answers.
class Series {
  public:
    Series(const result::Result& result, std::size_t seconds) : seconds_(result.seconds) {
        for (const result::Stretch& stretch : result.stretches)
            if (stretch.first < seconds) stretches_.push_back(&stretch);
        for (const result::Second& second : seconds_)
            for (const auto& [status, count] : second.statuses) codes_.insert(status);
        window_ = window_of();
        for (std::size_t at = 0; at < stretches_.size(); ++at) add(at, seconds);
    }

    json::object made() && {
        array(lists_, "t");
        lists_["window"] = window_ * width();
        lists_["step"] = width();
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

    void add(std::size_t at, std::size_t seconds) {
        const std::size_t first = stretches_[at]->first;
        const std::size_t behind = std::min<std::size_t>(first + stretches_[at]->length, seconds);
        const auto per_second = [&](auto&& number) {
            double sum = 0;
            for (std::size_t i = first; i < behind; ++i) sum += static_cast<double>(number(seconds_[i]));
            return sum / static_cast<double>(behind - first);
        };
        push("t", first);
        push("due", per_second([](const result::Second& second) { return second.due; }));
        push("answered", per_second([](const result::Second& second) { return second.answered; }));
        push("errors", per_second([](const result::Second& second) { return second.errors; }));
        push("in_flight", per_second([](const result::Second& second) { return second.in_flight; }));
        push("cpu", per_second([](const result::Second& second) {
                 return std::isfinite(second.cpu) ? second.cpu : 0;
             }));
        latency("response", at, &result::Stretch::response);
        latency("service", at, &result::Stretch::service);
        for (const int code : codes_)
            array(statuses_, std::to_string(code)).push_back(per_second([code](const result::Second& second) {
                const auto found = second.statuses.find(code);
                return found == second.statuses.end() ? 0 : found->second;
            }));
    }

    // The median of the point itself; the p99 of as many points, up to this one, as it takes to have one.
    void latency(const std::string& name, std::size_t at, stats::Cells result::Stretch::* cells) {
        scratch_.reset();
        scratch_.add(stretches_[at]->*cells);
        array(lists_, name + "50").push_back(seconds_or_null(result::percentile(scratch_, 0.50)));
        for (std::size_t back = 1; back < window_ && back <= at; ++back)
            scratch_.add(stretches_[at - back]->*cells);
        array(lists_, name + "99").push_back(seconds_or_null(result::percentile(scratch_, 0.99)));
    }

    std::size_t width() const { return stretches_.empty() ? 1 : stretches_.front()->length; }

    // In points.
    std::size_t window_of() const {
        constexpr std::size_t kLongest = 30;
        std::uint64_t answers = 0;
        for (const result::Stretch* stretch : stretches_) answers += stretch->service.total;
        if (answers == 0) return 1;
        const double mean = static_cast<double>(answers) / static_cast<double>(stretches_.size());
        // A little more than 1000, as seconds differ.
        return std::clamp(static_cast<std::size_t>(std::ceil(1050 / mean)), std::size_t{1},
                          std::max(kLongest / width(), std::size_t{1}));
    }

    const std::vector<result::Second>& seconds_;
    std::vector<const result::Stretch*> stretches_;
    std::size_t window_ = 1;  // points
    std::set<int> codes_;
    json::object lists_;
    json::object statuses_;
    stats::Histogram scratch_;
};

}  // namespace

std::string chart_data(const Report& report) {
    const result::Result& result = report.result;
    // The last may be what ended behind the measured time; a rate of it would mean nothing.
    const auto whole = static_cast<std::size_t>(std::max(0.0, std::ceil(result.self.wall - 0.01)));
    Series series(result, std::min(result.seconds.size(), whole));
    return json::serialize(json::object{{"open", is_open(result.plan)},
                                        {"percentiles", percentiles(result.all)},
                                        {"series", std::move(series).made()}});
}

}  // namespace loadgen::report::html
