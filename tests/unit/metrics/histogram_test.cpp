#include "server/metrics/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "server/metrics/quantile.hpp"

namespace baton::metrics {
namespace {

template <const auto& Bounds>
std::size_t expected(Nanoseconds value) {
    return static_cast<std::size_t>(std::lower_bound(Bounds.begin(), Bounds.end(), value) - Bounds.begin());
}

template <const auto& Bounds>
void check_buckets() {
    for (const Nanoseconds bound : Bounds) {
        for (const Nanoseconds value : {bound - 1, bound, bound + 1}) {
            ASSERT_EQ(bucket_of<Bounds>(value), expected<Bounds>(value)) << value;
        }
    }
    std::mt19937_64 random(7);
    for (int i = 0; i < 100'000; ++i) {
        const auto value = static_cast<Nanoseconds>(random() >> (1 + random() % 63));
        ASSERT_EQ(bucket_of<Bounds>(value), expected<Bounds>(value)) << value;
    }
    EXPECT_EQ(bucket_of<Bounds>(0), 0U);
    EXPECT_EQ(bucket_of<Bounds>(-5), 0U);
}

TEST(Histogram, AValueIsInTheFirstBucketWhoseBoundIsNotBelowIt) {
    check_buckets<kRequestBounds>();
    check_buckets<kPhaseBounds>();
}

TEST(Histogram, BoundsAreAsDocumented) {
    EXPECT_EQ(kRequestBounds.front(), 500'000);
    EXPECT_EQ(kRequestBounds.back(), 10'000'000'000);
    EXPECT_EQ(kPhaseBounds.front(), 10'000);
    EXPECT_EQ(kPhaseBounds.back(), 5'000'000'000);
    EXPECT_TRUE(std::ranges::binary_search(kPhaseBounds, 5'000'000));  // the switch interval
}

TEST(Histogram, CountsAndAddsUp) {
    RequestHistogram one;
    RequestHistogram other;
    one.observe(400'000);
    one.observe(600'000);
    other.observe(20'000'000'000);
    RequestCount count;
    one.add_to(count);
    other.add_to(count);
    EXPECT_EQ(count.count(), 3U);
    EXPECT_EQ(count.sum, 20'001'000'000);
    EXPECT_EQ(count.buckets[0], 1U);
    EXPECT_EQ(count.buckets[1], 1U);
    EXPECT_EQ(count.buckets.back(), 1U);
}

TEST(Quantile, InterpolatesWithinABucket) {
    RequestCount count;
    EXPECT_FALSE(quantile(count, kRequestBounds, 0.5).has_value());
    count.buckets[1] = 10;  // 0.5 to 1 ms
    EXPECT_DOUBLE_EQ(*quantile(count, kRequestBounds, 0.5), 0.00075);
    EXPECT_DOUBLE_EQ(*quantile(count, kRequestBounds, 1.0), 0.001);
    count.buckets.back() = 90;
    EXPECT_DOUBLE_EQ(*quantile(count, kRequestBounds, 0.5), 10.0);
}

}  // namespace
}  // namespace baton::metrics
