#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "server/metrics/process.hpp"
#include "server/metrics/thread_clocks.hpp"
#include "server/metrics/throughput.hpp"

namespace baton::metrics {
namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

// Burns CPU time of the calling thread.
void burn(Nanoseconds time) {
    timespec t{};
    const auto used = [&] {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return t.tv_sec * kSecond + t.tv_nsec;
    };
    const Nanoseconds end = used() + time;
    while (used() < end) {
    }
}

Nanoseconds of(const ThreadClocks& clocks, Role role) {
    return clocks.by_role()[static_cast<std::size_t>(role)];
}

TEST(ThreadClocks, TimeGoesToTheRoleAlsoWhenTheThreadHasEnded) {
    ThreadClocks clocks;
    std::thread([&] {
        const ThreadClocks::Scope scope(clocks, Role::io);
        burn(20'000'000);
        EXPECT_GE(of(clocks, Role::io), 20'000'000);
    }).join();
    const Nanoseconds ended = of(clocks, Role::io);
    EXPECT_GE(ended, 20'000'000);
    std::thread([&] { burn(10'000'000); }).join();  // perhaps with the number of the other
    EXPECT_EQ(of(clocks, Role::io), ended);
    EXPECT_EQ(of(clocks, Role::interpreter), 0);
}

TEST(ThreadClocks, WhoNeverEnteredIsTheApplication) {
    ThreadClocks clocks;
    const Nanoseconds before = of(clocks, Role::application);
    std::thread([&] { burn(20'000'000); }).join();
    EXPECT_GE(of(clocks, Role::application), before + 20'000'000);
}

TEST(ThreadClocks, RolesAddUpToTheProcess) {
    ThreadClocks clocks;
    const ThreadClocks::Scope scope(clocks, Role::interpreter);
    burn(5'000'000);
    const Nanoseconds before = process_cpu();
    Nanoseconds sum = 0;
    for (const Nanoseconds part : clocks.by_role()) sum += part;
    const Nanoseconds after = process_cpu();
    EXPECT_GE(sum, before - 1'000'000);  // clocks are read one after the other
    EXPECT_LE(sum, after + 1'000'000);
}

TEST(Throughput, OverTheLastTenSeconds) {
    Throughput throughput;
    EXPECT_EQ(throughput.per_cpu_second({.at = 0, .requests = 5, .cpu = kSecond}), 0.0);
    // 100 requests per second for 20 seconds at a tenth of a core, then 1000 per second at half a core.
    Throughput::Sample sample;
    for (int second = 0; second < 20; ++second) {
        throughput.tick(sample);
        sample = {sample.at + kSecond, sample.requests + 100, sample.cpu + kSecond / 10};
    }
    EXPECT_NEAR(throughput.per_cpu_second(sample), 1'000.0, 1e-6);
    for (int second = 0; second < 15; ++second) {
        throughput.tick(sample);
        sample = {sample.at + kSecond, sample.requests + 1'000, sample.cpu + kSecond / 2};
    }
    EXPECT_NEAR(throughput.per_cpu_second(sample), 2'000.0, 1e-6);
}

TEST(Throughput, NoCpuTimeIsZeroAndNotInfinite) {
    Throughput throughput;
    throughput.tick({.at = 1, .requests = 1, .cpu = 1});
    EXPECT_EQ(throughput.per_cpu_second({.at = 2, .requests = 9, .cpu = 1}), 0.0);
}

TEST(Process, SaysWhatTheKernelSays) {
    const ProcessSample before = sample_process();
    EXPECT_GT(before.resident_bytes, 100'000U);
    EXPECT_GE(before.virtual_bytes, before.resident_bytes);
    EXPECT_GE(before.open_fds, 3U);
    EXPECT_GE(before.max_fds, before.open_fds);
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LE(before.start_time, now + 2.0);
    EXPECT_GT(before.start_time, now - 3'600.0);
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(sample_process().open_fds, before.open_fds + 1);
    close(fd);
    burn(10'000'000);
    EXPECT_GE(sample_process().cpu, before.cpu + 10'000'000);
}

}  // namespace
}  // namespace baton::metrics
