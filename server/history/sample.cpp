#include "server/history/sample.hpp"

#include <algorithm>
#include <optional>

#include "server/metrics/quantile.hpp"

namespace baton::history {
namespace {

float or_none(std::optional<double> value) {
    return value ? static_cast<float>(*value) : kNone;
}

double seconds(Nanoseconds time) {
    return static_cast<double>(time) / 1e9;
}

const GilMoment* find(const Moment& moment, const std::string& interpreter) {
    const auto found = std::find_if(moment.gils.begin(), moment.gils.end(),
                                    [&](const GilMoment& gil) { return gil.interpreter == interpreter; });
    return found == moment.gils.end() ? nullptr : &*found;
}

// What a count has grown by, per second. Sums never fall; should one, it is zero and not a huge number.
class Rates {
  public:
    explicit Rates(double span) : span_(span) {}
    float count(std::uint64_t then, std::uint64_t now) const {
        return now <= then ? 0.0F : static_cast<float>(static_cast<double>(now - then) / span_);
    }
    float time(Nanoseconds then, Nanoseconds now) const {
        return now <= then ? 0.0F : static_cast<float>(seconds(now - then) / span_);
    }

  private:
    const double span_;
};

void add_requests(Sample& out, const Moment& then, const Moment& now, const Rates& rates) {
    const metrics::RequestCount between = difference(then.requests, now.requests);
    out[Field::requests] = rates.count(then.requests.count(), now.requests.count());
    out[Field::errors] = rates.count(then.errors, now.errors);
    out[Field::rejected] = rates.count(then.rejected, now.rejected);
    out[Field::p50] = or_none(metrics::quantile(between, metrics::kRequestBounds, 0.5));
    out[Field::p99] = or_none(metrics::quantile(between, metrics::kRequestBounds, 0.99));
    const double cpu = seconds(now.cpu - then.cpu);
    const auto requests = static_cast<double>(between.count());
    out[Field::per_core] = requests > 0 && cpu > 0 ? static_cast<float>(requests / cpu) : kNone;
}

void add_loops(Sample& out, const Moment& then, const Moment& now) {
    const Nanoseconds active = now.loop_active - then.loop_active;
    const Nanoseconds all = active + now.loop_idle - then.loop_idle;
    out[Field::loop_active] = all > 0 ? static_cast<float>(seconds(active) / seconds(all)) : kNone;
    out[Field::loop_lag_p99] =
        or_none(metrics::quantile(difference(then.lag, now.lag), metrics::kPhaseBounds, 0.99));
}

}  // namespace

Sample sample(const Moment& then, const Moment& now, const std::vector<std::string>& columns) {
    Sample out;
    out.at = now.wall;
    const Rates rates(std::max(1e-9, seconds(now.at - then.at)));
    add_requests(out, then, now, rates);
    add_loops(out, then, now);
    out[Field::cores] = rates.time(then.cpu, now.cpu);
    out[Field::queue] = static_cast<float>(now.queue);
    out[Field::active] = static_cast<float>(now.active_requests);
    out[Field::connections] = static_cast<float>(now.connections);
    out[Field::websockets] = static_cast<float>(now.websockets);
    out[Field::memory] = static_cast<float>(now.memory);
    constexpr auto kFirst = static_cast<std::size_t>(Field::in_queue);
    for (std::size_t i = 0; i < metrics::kPhases; ++i)
        out.fields[kFirst + i] = rates.time(then.phases[i], now.phases[i]);
    for (std::size_t i = 0; i < std::min(columns.size(), Sample::kMostGils); ++i) {
        const GilMoment* const before = find(then, columns[i]);
        const GilMoment* const after = find(now, columns[i]);
        if (before == nullptr || after == nullptr) continue;
        out.gils[i] = {rates.time(before->held, after->held), rates.time(before->waiting, after->waiting)};
    }
    return out;
}

}  // namespace baton::history
