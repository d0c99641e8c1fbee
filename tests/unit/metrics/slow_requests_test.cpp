#include "server/metrics/slow_requests.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/dispatch/inbox.hpp"
#include "server/metrics/shards.hpp"

namespace baton::metrics {
namespace {

class SlowRequestsTest : public testing::Test {
  protected:
    void note(Nanoseconds duration) {
        const dispatch::ExchangePtr exchange(new dispatch::Exchange(inbox));
        exchange->id = id;
        exchange->timeline.head = 1000;
        Phases spent;
        spent.duration = duration;
        slow.note(*exchange, spent, 3, 200);
    }
    std::vector<Nanoseconds> take(Nanoseconds threshold = 0) {
        std::vector<SlowRequest> all;
        slow.take(all, threshold);
        std::vector<Nanoseconds> durations;
        for (const SlowRequest& one : all) durations.push_back(one.spent.duration);
        std::sort(durations.begin(), durations.end());
        return durations;
    }

    dispatch::Inbox inbox{[] {}};
    std::string id = "id";
    SlowRequests slow;
};

TEST_F(SlowRequestsTest, KeepsTheSlowestWhateverTheOrder) {
    for (const Nanoseconds first : {500, 100, 900}) {
        for (Nanoseconds i = 0; i < 20; ++i) note(first + i);
    }
    std::vector<Nanoseconds> expected;
    for (Nanoseconds i = 0; i < 20; ++i) expected.push_back(900 + i);
    EXPECT_EQ(take(), expected);
    EXPECT_TRUE(take().empty());
}

TEST_F(SlowRequestsTest, WhatIsNotSlowerThanTheThresholdIsOfNoInterest) {
    take(50);
    note(50);
    note(51);
    EXPECT_EQ(take(), std::vector<Nanoseconds>{51});
    note(1);
    EXPECT_EQ(take(), std::vector<Nanoseconds>{1});
}

TEST_F(SlowRequestsTest, SaysWhoItWasAndCutsLongTexts) {
    id = std::string(1000, 'x');
    note(7);
    std::vector<SlowRequest> all;
    slow.take(all, 0);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].id, std::string(SlowRequest::kLongestId, 'x'));
    EXPECT_EQ(all[0].ended, 1007);
    EXPECT_EQ(all[0].route, 3U);
    EXPECT_EQ(all[0].status, 200);
}

TEST_F(SlowRequestsTest, ShardsAreTakenTogether) {
    routing::RouteTable routes;
    Shards shards(routes);
    for (const Nanoseconds duration : {10, 20}) {
        const dispatch::ExchangePtr exchange(new dispatch::Exchange(inbox));
        exchange->route_name = "r";
        Phases spent;
        spent.duration = duration;
        shards.add().request(*exchange, spent, 500);
    }
    const std::vector<SlowRequest> all = shards.take_slow(0);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].status, 500);
    EXPECT_EQ(routes.label(all[0].route), "r");
}

}  // namespace
}  // namespace baton::metrics
