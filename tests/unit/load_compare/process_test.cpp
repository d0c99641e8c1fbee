// Servers as processes: started, counted, ended, with all that they start themselves.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "loadgen/compare/process_tree.hpp"
#include "loadgen/compare/server_process.hpp"

namespace loadgen::compare {
namespace {

using namespace std::chrono_literals;

constexpr auto kLong = 30s;  // a loaded machine may be slow, but a test must end

bool until(const std::function<bool()>& holds) {
    for (const Moment end = Clock::now() + kLong; Clock::now() < end; std::this_thread::sleep_for(5ms)) {
        if (holds()) return true;
    }
    return holds();
}

bool says(ServerProcess& server, const std::string& text) {
    return until([&] { return server.said().find(text) != std::string::npos; });
}

std::string python(const std::string& program) {
    return "exec /usr/bin/python3 -c '" + program + "'";
}

// Uses half a second of CPU.
const std::string kBusy = "import time\nwhile time.process_time() < 0.5: pass\n";

TEST(ServerProcess, KeepsWhatItSaysAndHowItEnds) {
    ServerProcess server("echo to out; echo to err >&2; exit 7");
    EXPECT_TRUE(until([&] { return !server.running(); }));
    EXPECT_EQ(server.said(), "to out\nto err\n");
    EXPECT_EQ(server.ending(), "exit status 7");
}

TEST(ServerProcess, ACommandThatIsNotThereEnds) {
    ServerProcess server("/no/such/server --port 1");
    EXPECT_TRUE(until([&] { return !server.running(); }));
    EXPECT_EQ(server.ending(), "exit status 127");
    EXPECT_NE(server.said().find("not found"), std::string::npos);
}

TEST(ServerProcess, OnlyTheEndOfALongStoryIsTold) {
    ServerProcess server("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; echo the end");
    EXPECT_TRUE(until([&] { return !server.running(); }));
    const std::string said = server.said();
    EXPECT_LE(said.size(), 4096U);
    EXPECT_TRUE(said.starts_with("line "));
    EXPECT_TRUE(said.ends_with("the end\n"));
}

TEST(ServerProcess, EndsUponSigterm) {
    ServerProcess server("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    ASSERT_TRUE(says(server, "ready"));
    EXPECT_TRUE(server.running());
    EXPECT_EQ(server.ending(), "");
    EXPECT_TRUE(server.stop(kLong));
    EXPECT_FALSE(server.running());
    EXPECT_NE(server.said().find("bye"), std::string::npos);
}

TEST(ServerProcess, WhoDoesNotEndIsKilled) {
    ServerProcess server("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    ASSERT_TRUE(says(server, "ready"));
    EXPECT_FALSE(server.stop(50ms));
    EXPECT_FALSE(server.running());
    EXPECT_EQ(server.ending().substr(0, 8), "signal 9");
}

// A daemon leaves its parent, its group and its session, and is ended all the same.
TEST(ServerProcess, ADaemonOfItsIsEndedToo) {
    ServerProcess server(
        python("import os, time\n"
               "if os.fork(): os._exit(0)\n"
               "os.setsid()\n"
               "print(\"daemon\", os.getpid(), flush=True)\n"
               "time.sleep(600)\n"));
    ASSERT_TRUE(says(server, "daemon"));
    ASSERT_TRUE(until([&] { return !server.ending().empty(); }));
    EXPECT_TRUE(server.running());
    const auto daemon = static_cast<pid_t>(std::stoi(server.said().substr(7)));
    EXPECT_TRUE(server.stop(kLong));
    EXPECT_FALSE(server.running());
    EXPECT_EQ(::kill(daemon, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST(ServerProcess, NoChildIsLeftWhenItGoesOutOfScope) {
    {
        ServerProcess server("sleep 600 & sleep 600 & echo ready; wait");
        ASSERT_TRUE(says(server, "ready"));
        EXPECT_GE(descendants_of(::getpid()).size(), 3U);
    }
    EXPECT_TRUE(descendants_of(::getpid()).empty());
}

// baton-load ignores SIGPIPE and blocks SIGINT and SIGTERM; its servers must not inherit that.
TEST(ServerProcess, SignalsAreAsAServerExpectsThem) {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    ServerProcess server("grep -E '^Sig(Blk|Ign)' /proc/self/status");
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_TRUE(until([&] { return !server.running(); }));
    EXPECT_NE(server.said().find("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"), std::string::npos)
        << server.said();
}

TEST(ProcessTree, CountsAServerThatRuns) {
    const double before = descendants_cpu();
    ServerProcess server(python(kBusy + "print(\"done\", flush=True)\ntime.sleep(600)"));
    ASSERT_TRUE(says(server, "done"));
    EXPECT_GE(descendants_cpu() - before, 0.49);
}

TEST(ProcessTree, CountsWorkersThatTheServerHasWaitedFor) {
    const double before = descendants_cpu();
    ServerProcess server("/usr/bin/python3 -c '" + kBusy + "'; echo done; sleep 600");
    ASSERT_TRUE(says(server, "done"));
    EXPECT_GE(descendants_cpu() - before, 0.45);
}

// The master ends, its worker goes on: the worker is ours then, with all the time that it has used.
TEST(ProcessTree, CountsAWorkerWhoseMasterHasDied) {
    const double before = descendants_cpu();
    ServerProcess server(
        python("import os, time\n"
               "if os.fork(): os._exit(0)\n" +
               kBusy + "print(\"done\", flush=True)\ntime.sleep(600)"));
    ASSERT_TRUE(says(server, "done"));
    ASSERT_TRUE(until([&] { return !server.ending().empty(); }));
    EXPECT_GE(descendants_cpu() - before, 0.49);
}

TEST(ProcessTree, NothingIsLostWhenAllHaveEnded) {
    const double before = descendants_cpu();
    {
        ServerProcess server("/usr/bin/python3 -c '" + kBusy + "' & /usr/bin/python3 -c '" + kBusy +
                             "' & wait");
        EXPECT_TRUE(until([&] { return !server.running(); }));
    }
    EXPECT_GE(descendants_cpu() - before, 0.9);
}

TEST(ProcessTree, KnowsGrandchildrenByTheirParents) {
    ServerProcess server("sh -c 'sleep 600; :'; :");
    ASSERT_TRUE(until([] { return descendants_of(::getpid()).size() == 3; }));
    const auto all = descendants_of(::getpid());
    EXPECT_EQ(all[0].pid, server.pid());
    EXPECT_EQ(all[1].parent, all[0].pid);
    EXPECT_EQ(all[2].parent, all[1].pid);
}

}  // namespace
}  // namespace loadgen::compare
