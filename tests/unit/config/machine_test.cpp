#include "server/config/machine.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace baton::config {
namespace {

using test::config_of;
using test::failure_of;
using test::serve;

constexpr std::uint64_t kMega = 1 << 20;
constexpr Machine kWhole{8, 4096 * kMega};

// A root directory with /proc/self/cgroup and whatever groups a test makes.
class CgroupTest : public testing::Test {
  protected:
    void groups(const std::string& text) {
        root_.directory("proc/self");
        root_.file("proc/self/cgroup", text);
    }
    void limit(const std::string& group, const std::string& file, const std::string& text) {
        root_.directory("sys/fs/cgroup/" + group);
        root_.file("sys/fs/cgroup/" + group + "/" + file, text + "\n");
    }
    Machine read() const { return within_cgroups(kWhole, root_.path()); }

    test::TemporaryDirectory root_;
};

TEST_F(CgroupTest, WithoutGroupsTheMachineIsWhole) {
    EXPECT_EQ(read().cpus, 8);
    EXPECT_EQ(read().memory, 4096 * kMega);
    groups("nonsense\n1:\n0::/nowhere\n");
    EXPECT_EQ(read().cpus, 8);
}

TEST_F(CgroupTest, VersionTwo) {
    groups("0::/a/b\n");
    limit("a/b", "cpu.max", "150000 100000");
    limit("a/b", "memory.max", "104857600");
    EXPECT_DOUBLE_EQ(read().cpus, 1.5);
    EXPECT_EQ(read().memory, 100 * kMega);
}

TEST_F(CgroupTest, MaxIsNoLimit) {
    groups("0::/a\n");
    limit("a", "cpu.max", "max 100000");
    limit("a", "memory.max", "max");
    EXPECT_EQ(read().cpus, 8);
    EXPECT_EQ(read().memory, 4096 * kMega);
}

TEST_F(CgroupTest, AParentsLimitHoldsWhereItIsLess) {
    groups("0::/a/b\n");
    limit("a/b", "cpu.max", "400000 100000");
    limit("a", "cpu.max", "50000 100000");
    limit("a/b", "memory.max", "52428800");
    limit("a", "memory.max", "104857600");
    EXPECT_DOUBLE_EQ(read().cpus, 0.5);
    EXPECT_EQ(read().memory, 50 * kMega);
}

TEST_F(CgroupTest, AContainerSeesItsOwnRootOnly) {
    groups("0::/the/path/of/the/host\n");
    limit(".", "cpu.max", "25000 100000");
    limit(".", "memory.max", "33554432");
    EXPECT_DOUBLE_EQ(read().cpus, 0.25);
    EXPECT_EQ(read().memory, 32 * kMega);
}

TEST_F(CgroupTest, VersionOne) {
    groups("4:memory:/m\n3:cpu,cpuacct:/c\n0::/\n");
    limit("cpu,cpuacct/c", "cpu.cfs_quota_us", "300000");
    limit("cpu,cpuacct/c", "cpu.cfs_period_us", "100000");
    limit("memory/m", "memory.limit_in_bytes", "67108864");
    EXPECT_DOUBLE_EQ(read().cpus, 3);
    EXPECT_EQ(read().memory, 64 * kMega);
}

TEST_F(CgroupTest, VersionOneUnderTheShortNameAndWithoutLimits) {
    groups("3:cpuacct,cpu:/\n4:memory:/\n");
    limit("cpu", "cpu.cfs_quota_us", "-1");
    limit("cpu", "cpu.cfs_period_us", "100000");
    limit("memory", "memory.limit_in_bytes", "9223372036854771712");
    EXPECT_EQ(read().cpus, 8);
    EXPECT_EQ(read().memory, 4096 * kMega);
    limit("cpu", "cpu.cfs_quota_us", "200000");
    EXPECT_DOUBLE_EQ(read().cpus, 2);
}

TEST_F(CgroupTest, OtherControllersAndUnreadableNumbersAreNothing) {
    groups("5:cpuset:/\n0::/a\n");
    limit("cpuset", "cpu.cfs_quota_us", "1000");
    limit("cpuset", "cpu.cfs_period_us", "100000");
    limit("a", "cpu.max", "1x 100000");
    limit("a", "memory.max", "");
    EXPECT_EQ(read().cpus, 8);
    EXPECT_EQ(read().memory, 4096 * kMega);
}

TEST(ThisMachine, HasACpuAndMemory) {
    EXPECT_GT(this_machine().cpus, 0);
    EXPECT_GT(this_machine().memory, kMega);
}

TEST(AutomaticThreads, AreBoundedByCpuAndMemory) {
    EXPECT_EQ(automatic_threads({8, 1 << 30}), (ThreadBounds{2, 256}));
    EXPECT_EQ(automatic_threads({8, 1ULL << 40}), (ThreadBounds{2, 512}));
    EXPECT_EQ(automatic_threads({0.5, 1ULL << 40}), (ThreadBounds{2, 256}));
    EXPECT_EQ(automatic_threads({0.01, 1ULL << 40}), (ThreadBounds{2, 16}));
    EXPECT_EQ(automatic_threads({8, 64 * kMega}), (ThreadBounds{2, 16}));
    EXPECT_EQ(automatic_threads({0.01, 1}), (ThreadBounds{2, 4}));
}

TEST(Threads, OneNumberOrTwo) {
    const auto bounds = [](const std::string& value) {
        return config_of(serve({"--threads", value})).python.threads;
    };
    EXPECT_EQ(bounds("1"), (ThreadBounds{1, 1}));
    EXPECT_EQ(bounds("4:64"), (ThreadBounds{4, 64}));
    EXPECT_EQ(bounds("7:7"), (ThreadBounds{7, 7}));
    EXPECT_EQ(bounds("4096:4096"), (ThreadBounds{4096, 4096}));
    EXPECT_EQ(config_of(serve({}, {{"BATON_THREADS", "3:9"}})).python.threads, (ThreadBounds{3, 9}));
}

TEST(Threads, WhatIsNoNumberOfThreads) {
    for (const std::string value :
         {"0", "0:4", "4:", ":8", ":", "1:2:3", "4097", "1:4097", "-1:4", "4-8", "4 :8", "many", "auto:8"}) {
        EXPECT_EQ(failure_of(serve({"--threads", value})),
                  "--threads: must be a whole number from 1 to 4096, MIN:MAX such as 4:64, or auto, not \"" +
                      value + "\"");
    }
    EXPECT_EQ(failure_of(serve({"--threads", "5:3"})),
              "--threads: must have its smaller number first, not \"5:3\"");
}

}  // namespace
}  // namespace baton::config
