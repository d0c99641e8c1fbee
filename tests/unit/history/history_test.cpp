#include "server/history/history.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cmath>

#include "server/history/json.hpp"

namespace baton::history {
namespace {

namespace json = boost::json;

constexpr Nanoseconds kSecond = 1'000'000'000;

Moment at_second(int second) {
    Moment moment;
    moment.at = second * kSecond;
    moment.wall = 1000.0 + second;
    return moment;
}

TEST(Sample, RatesAreDifferencesByTheTimeThatPassed) {
    Moment then = at_second(10);
    then.requests.buckets[2] = 100;
    then.errors = 5;
    then.rejected = 1;
    then.cpu = kSecond;
    Moment now = at_second(12);
    now.requests.buckets[2] = 150;
    now.errors = 7;
    now.rejected = 2;
    now.cpu = 2 * kSecond;
    now.queue = 3;
    now.connections = 4;
    const Sample seen = sample(then, now, {});
    EXPECT_DOUBLE_EQ(seen.at, 1012.0);
    EXPECT_FLOAT_EQ(seen[Field::requests], 25.0F);
    EXPECT_FLOAT_EQ(seen[Field::errors], 1.0F);
    EXPECT_FLOAT_EQ(seen[Field::rejected], 0.5F);
    EXPECT_FLOAT_EQ(seen[Field::per_core], 50.0F);
    EXPECT_FLOAT_EQ(seen[Field::cores], 0.5F);
    EXPECT_FLOAT_EQ(seen[Field::queue], 3.0F);
    EXPECT_FLOAT_EQ(seen[Field::connections], 4.0F);
}

TEST(Sample, QuantilesAreOfTheNewRequestsAndInsideTheirBucket) {
    Moment then = at_second(0);
    then.requests.buckets[10] = 1'000'000;  // long ago, and slow
    Moment now = at_second(1);
    now.requests.buckets[10] = 1'000'000;
    now.requests.buckets[3] = 99;  // 2.5 to 5 ms
    now.requests.buckets[6] = 1;   // 25 to 50 ms
    const Sample seen = sample(then, now, {});
    EXPECT_GT(seen[Field::p50], 0.0025F);
    EXPECT_LT(seen[Field::p50], 0.005F);
    EXPECT_NEAR(seen[Field::p99], 0.005F, 1e-6F);
}

TEST(Sample, WithoutRequestsThereIsNoMedianAndNoThroughputOfACore) {
    Moment now = at_second(1);
    now.cpu = kSecond;
    const Sample seen = sample(at_second(0), now, {});
    EXPECT_FLOAT_EQ(seen[Field::requests], 0.0F);
    EXPECT_TRUE(std::isnan(seen[Field::p50]));
    EXPECT_TRUE(std::isnan(seen[Field::p99]));
    EXPECT_TRUE(std::isnan(seen[Field::per_core]));
    EXPECT_TRUE(std::isnan(seen[Field::loop_active]));
}

TEST(Sample, GilSharesAreByInterpreterAndOnlyWhereBothMomentsHaveIt) {
    Moment then = at_second(0);
    then.gils = {{"main", 0, 0}};
    Moment now = at_second(1);
    now.gils = {{"1", kSecond, kSecond}, {"main", kSecond / 2, 3 * kSecond}};
    const Sample seen = sample(then, now, {"main", "1"});
    EXPECT_FLOAT_EQ(seen.gils[0].saturation, 0.5F);
    EXPECT_FLOAT_EQ(seen.gils[0].waiters, 3.0F);
    EXPECT_TRUE(std::isnan(seen.gils[1].saturation));
}

TEST(Sample, APhaseIsTheMeanNumberOfRequestsInIt) {
    Moment now = at_second(2);
    now.phases[static_cast<std::size_t>(metrics::Phase::off_gil)] = 10 * kSecond;
    const Sample seen = sample(at_second(0), now, {});
    EXPECT_FLOAT_EQ(seen[Field::in_off_gil], 5.0F);
    EXPECT_FLOAT_EQ(seen[Field::in_gil_hold], 0.0F);
}

TEST(Sample, ASumThatFallsIsZeroAndNotAHugeNumber) {
    Moment then = at_second(0);
    then.errors = 10;
    then.gils = {{"main", kSecond, 0}};
    Moment now = at_second(1);
    now.gils = {{"main", 0, 0}};
    const Sample seen = sample(then, now, {"main"});
    EXPECT_FLOAT_EQ(seen[Field::errors], 0.0F);
    EXPECT_FLOAT_EQ(seen.gils[0].saturation, 0.0F);
}

TEST(History, TheFirstMomentIsNoSample) {
    History history;
    history.add(at_second(0));
    EXPECT_EQ(history.size(), 0U);
    history.add(at_second(1));
    EXPECT_EQ(history.size(), 1U);
    history.add(at_second(1));  // no time has passed
    EXPECT_EQ(history.size(), 1U);
}

TEST(History, KeepsTheLastFifteenMinutes) {
    History history;
    const int seconds = static_cast<int>(History::kMost) + 100;
    for (int second = 0; second <= seconds; ++second) history.add(at_second(second));
    ASSERT_EQ(history.size(), History::kMost);
    EXPECT_DOUBLE_EQ(history.at(0).at, 1101.0);
    EXPECT_DOUBLE_EQ(history.at(History::kMost - 1).at, 1000.0 + seconds);
    for (std::size_t i = 1; i < history.size(); ++i)
        EXPECT_DOUBLE_EQ(history.at(i).at, history.at(i - 1).at + 1.0);
}

TEST(History, AClockThatIsSetBackTakesTheFutureWithIt) {
    History history;
    for (int second = 0; second <= 10; ++second) history.add(at_second(second));
    Moment back = at_second(11);
    back.wall = 1005.5;
    history.add(back);
    ASSERT_EQ(history.size(), 6U);
    EXPECT_DOUBLE_EQ(history.at(5).at, 1005.5);
    EXPECT_DOUBLE_EQ(history.at(4).at, 1005.0);
}

TEST(History, ItsMemoryIsWhatIsSaid) {
    EXPECT_LE(History::kMost * sizeof(Sample), 220U * 1024U);
}

TEST(History, InterpretersBeyondTheColumnsAreLeftOut) {
    History history;
    Moment moment = at_second(0);
    for (std::size_t i = 0; i < Sample::kMostGils + 5; ++i) moment.gils.push_back({std::to_string(i), 0, 0});
    history.add(moment);
    moment.at = kSecond;
    history.add(moment);
    EXPECT_EQ(history.columns().size(), Sample::kMostGils);
    EXPECT_EQ(history.columns().back(), std::to_string(Sample::kMostGils - 1));
}

TEST(HistoryJson, AnEmptyHistoryIsADocument) {
    const json::value read = json::parse(history_json(History{}));
    EXPECT_TRUE(read.at("t").as_array().empty());
    EXPECT_TRUE(read.at("requests").as_array().empty());
    EXPECT_TRUE(read.at("gil").as_object().empty());
}

TEST(HistoryJson, ColumnsAreAsLongAsTheTimesAndWhatIsMissingIsNull) {
    History history;
    for (int second = 0; second < 3; ++second) {
        Moment moment = at_second(second);
        moment.requests.buckets[0] = second == 2 ? 7 : 0;
        moment.gils = {{"a \"name\"", second * kSecond / 4, 0}};
        history.add(moment);
    }
    const json::value read = json::parse(history_json(history));
    ASSERT_EQ(read.at("t").as_array().size(), 2U);
    EXPECT_DOUBLE_EQ(read.at("t").at(1).as_double(), 1002.0);
    for (const std::string_view name : kFieldNames) EXPECT_EQ(read.at(name).as_array().size(), 2U) << name;
    EXPECT_TRUE(read.at("p50").at(0).is_null());
    EXPECT_EQ(read.at("requests").at(1).to_number<double>(), 7.0);
    EXPECT_NEAR(read.at("gil").at("a \"name\"").at("saturation").at(0).to_number<double>(), 0.25, 1e-6);
}

TEST(HistoryJson, ASampleSaysTheSameAsTheHistory) {
    History history;
    Moment moment = at_second(0);
    moment.gils = {{"main", 0, 0}};
    history.add(moment);
    moment.at = kSecond;
    moment.wall = 1001;
    moment.queue = 8;
    moment.gils = {{"main", kSecond / 10, kSecond}};
    history.add(moment);
    const json::object one = sample_object(history.at(0), history.columns());
    EXPECT_DOUBLE_EQ(one.at("t").as_double(), 1001.0);
    EXPECT_DOUBLE_EQ(one.at("queue").as_double(), 8.0);
    EXPECT_TRUE(one.at("p99").is_null());
    EXPECT_DOUBLE_EQ(one.at("gil").at("main").at("saturation").as_double(), 0.1);
    EXPECT_DOUBLE_EQ(one.at("gil").at("main").at("waiters").as_double(), 1.0);
    for (const std::string_view name : kFieldNames) EXPECT_TRUE(one.contains(name)) << name;
}

}  // namespace
}  // namespace baton::history
