#include "server/dispatch/time_slice.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <cerrno>
#include <thread>

namespace baton::dispatch {
namespace {

// Whether the kernel does it cannot be asked everywhere; that nothing else changes can.
TEST(TimeSlice, LeavesPolicyPriorityAndErrnoAlone) {
    std::thread([] {
        errno = EDOM;
        const int nice = getpriority(PRIO_PROCESS, 0);
        ask_for_short_slices();
        EXPECT_EQ(errno, EDOM);
        EXPECT_EQ(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_OTHER);
        EXPECT_EQ(getpriority(PRIO_PROCESS, 0), nice);
    }).join();
}

TEST(TimeSlice, LeavesBatchThreadsAlone) {
    std::thread([] {
        const sched_param none{};
        ASSERT_EQ(sched_setscheduler(0, SCHED_BATCH, &none), 0);
        ask_for_short_slices();
        EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH);
    }).join();
}

}  // namespace
}  // namespace baton::dispatch
