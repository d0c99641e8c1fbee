#include "server/net/descriptors.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

namespace baton::net {
namespace {

TEST(Descriptors, LeaveSomeForTheApplication) {
    EXPECT_EQ(connections_within(10'000, 20'000), 10'000U);
    EXPECT_EQ(connections_within(10'000, 10'000), 10'000U - kReservedDescriptors);
    EXPECT_EQ(connections_within(10'000, 256), 128U);
    EXPECT_EQ(connections_within(100, 1024), 100U);
    EXPECT_EQ(connections_within(10'000, 1), 1U);
}

TEST(Descriptors, RaiseTheSoftLimitAsFarAsItGoes) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit low{64, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(provide_descriptors(1), std::min<rlim_t>(1 + kReservedDescriptors, before.rlim_max));
    EXPECT_EQ(provide_descriptors(1'000'000'000),
              std::min<rlim_t>(1'000'000'000 + kReservedDescriptors, before.rlim_max));
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace baton::net
