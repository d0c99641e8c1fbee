#include "server/history/route_rates.hpp"

#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "server/history/json.hpp"

namespace baton::history {
namespace {

using metrics::Phase;

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr metrics::Outcome kOk{1, 200};
constexpr metrics::Outcome kFailed{1, 500};

metrics::Observation observation(std::size_t routes) {
    metrics::Observation seen;
    seen.route_labels.emplace_back("_OTHER");
    for (std::size_t i = 1; i <= routes; ++i) seen.route_labels.push_back("/" + std::to_string(i));
    return seen;
}

void count(metrics::Observation& seen, routing::RouteId route, metrics::Outcome outcome,
           std::uint64_t requests, Nanoseconds held) {
    metrics::RouteTotals& totals = seen.totals.routes[route];
    totals.durations[outcome].buckets[3] += requests;
    totals.phases[static_cast<std::size_t>(Phase::gil_hold)].sum += held;
}

TEST(RouteRates, TheFirstObservationHasNoWindow) {
    metrics::Observation seen = observation(1);
    count(seen, 1, kOk, 10, kSecond);
    RouteRates rates;
    rates.add(seen, kSecond);
    EXPECT_EQ(rates.window(), 0);
    const auto rows = rates.rows(seen, 100);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].label, "/1");
    EXPECT_EQ(rows[0].now.requests.count(), 0U);
    EXPECT_EQ(rows[0].total.requests.count(), 10U);
    EXPECT_FALSE(routes_object(rates, seen, 100).at("rows").at(0).as_object().contains("per_second"));
}

TEST(RouteRates, TheWindowIsTenSeconds) {
    metrics::Observation seen = observation(2);
    RouteRates rates;
    for (int second = 0; second <= 30; ++second) {
        count(seen, 1, kOk, 2, kSecond / 100);
        if (second == 15) count(seen, 2, kFailed, 1, kSecond);
        rates.add(seen, second * kSecond);
    }
    EXPECT_EQ(rates.window(), 10 * kSecond);
    const auto rows = rates.rows(seen, 100);
    EXPECT_EQ(rows[0].label, "/1");  // less in all, but more within the last ten seconds
    EXPECT_EQ(rows[0].now.requests.count(), 20U);
    EXPECT_EQ(rows[0].total.requests.count(), 62U);
    EXPECT_EQ(rows[1].now.errors, 0U);
    EXPECT_EQ(rows[1].total.errors, 1U);
    const boost::json::object out = routes_object(rates, seen, 100);
    EXPECT_DOUBLE_EQ(out.at("window_seconds").as_double(), 10.0);
    EXPECT_DOUBLE_EQ(out.at("rows").at(0).at("per_second").as_double(), 2.0);
    EXPECT_NEAR(out.at("rows").at(0).at("phase_seconds").at("gil_hold").as_double(), 0.1, 1e-9);
}

TEST(RouteRates, ARouteThatIsNewHasAllItsRequestsInTheWindow) {
    metrics::Observation seen = observation(1);
    RouteRates rates;
    rates.add(seen, 0);
    count(seen, 1, kFailed, 4, 0);
    rates.add(seen, kSecond);
    EXPECT_EQ(rates.rows(seen, 100)[0].now.errors, 4U);
}

TEST(RouteRates, TheHeaviestAreShownWhenThereAreTooMany) {
    metrics::Observation seen = observation(50);
    RouteRates rates;
    rates.add(seen, 0);
    for (routing::RouteId id = 1; id <= 50; ++id) count(seen, id, kOk, 1, id * 1000);
    rates.add(seen, kSecond);
    const auto rows = rates.rows(seen, 10);
    ASSERT_EQ(rows.size(), 10U);
    EXPECT_EQ(rows.front().label, "/50");
    EXPECT_EQ(rows.back().label, "/41");
}

TEST(RouteRates, ForgetsWhenNobodyLooks) {
    metrics::Observation seen = observation(1);
    RouteRates rates;
    rates.add(seen, 0);
    rates.forget();
    EXPECT_TRUE(rates.rows(seen, 10).empty());
    EXPECT_EQ(rates.window(), 0);
}

}  // namespace
}  // namespace baton::history
