#include "interp/worker.hpp"

#include <ctime>
#include <functional>
#include <thread>

#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::make_application;

constexpr auto kPatience = 30s;

// Threads that serve an application from a queue, and the test as their I/O thread.
struct Pool {
    Connection connection;
    dispatch::WorkQueue queue{1000};
    std::unique_ptr<Application> application;
    WorkerPool workers;

    explicit Pool(const std::string& source)
        : application(make_application(source)), workers(test::runtime(), queue, *application, {}) {}
    ~Pool() {
        workers.close();
        EXPECT_EQ(workers.join_until(std::chrono::steady_clock::now() + kPatience), 0U);
    }

    dispatch::ExchangePtr push(const std::string& head) {
        dispatch::ExchangePtr exchange = connection.exchange(head);
        exchange->timeline.queued = dispatch::now();
        EXPECT_TRUE(queue.push(exchange));
        return exchange;
    }
    bool wait_for(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            queue.flush(dispatch::now());
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }
    bool wait_done(const dispatch::ExchangePtr& exchange) {
        return wait_for([&] { return (exchange->events() & dispatch::Exchange::kDone) != 0; });
    }
};

constexpr const char* kWork = R"py(
import threading, time
gate = threading.Event()

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/sleep":
        time.sleep(0.05)
    if path == "/count":
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
    if path == "/gate":
        gate.wait(30)
    if path == "/open":
        gate.set()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/threads":
        threading.current_thread()
        names = sorted(t.name for t in threading.enumerate() if t.name.startswith("baton-py-"))
        return [" ".join(names).encode()]
    return [threading.current_thread().name.encode()]
)py";

TEST(Worker, ServesWhatIsQueued) {
    Pool pool(kWork);
    pool.workers.grow(3);
    std::vector<dispatch::ExchangePtr> exchanges;
    for (int i = 0; i < 100; ++i) exchanges.push_back(pool.push("GET / HTTP/1.1"));
    for (const auto& exchange : exchanges) ASSERT_TRUE(pool.wait_done(exchange));
    for (const auto& exchange : exchanges) {
        EXPECT_EQ(pool.connection.answer(*exchange).body.substr(0, 9), "baton-py-");
        EXPECT_LE(exchange->timeline.claimed, exchange->timeline.done);
        EXPECT_GE(exchange->timeline.claimed, exchange->timeline.queued);
    }
}

TEST(Worker, BooksSayWhatARequestDid) {
    Pool pool(kWork);
    pool.workers.grow(1);
    const auto sleeping = pool.push("GET /sleep HTTP/1.1");
    const auto counting = pool.push("GET /count HTTP/1.1");
    ASSERT_TRUE(pool.wait_done(sleeping) && pool.wait_done(counting));
    const auto span = [](const auto& x) { return x->timeline.done - x->timeline.claimed; };
    EXPECT_GE(span(sleeping), 50'000'000);
    EXPECT_LT(sleeping->books().gil_hold, span(sleeping) / 2);
    EXPECT_GE(sleeping->books().acquisitions, 1U);
    EXPECT_GE(counting->books().gil_hold, 50'000'000);
    for (const auto& x : {sleeping, counting}) {
        const auto& books = x->books();
        // The clock is read after the books, so what they add up to is never more.
        EXPECT_LE(books.gil_hold + books.gil_wait + books.lock_wait, span(x) + 1'000'000);
    }
}

// Queued after the thread had looked at the clock: what it did before is not the request's.
TEST(Worker, NoBookOfALateRequestIsNegative) {
    Pool pool(kWork);
    pool.workers.grow(1);
    ASSERT_TRUE(pool.wait_for([&] { return pool.queue.idle_threads() == 1; }));
    // On a busy machine the thread may get to its look at the clock too late for that.
    bool came_late = false;
    for (int tries = 0; tries < 100 && !came_late; ++tries) {
        const auto late = pool.connection.exchange("GET /count HTTP/1.1");
        late->timeline.queued = dispatch::now() + 20'000'000;
        ASSERT_TRUE(pool.queue.push(late));
        ASSERT_TRUE(pool.wait_done(late));
        ASSERT_GE(late->timeline.claimed, late->timeline.queued);
        came_late = late->timeline.claimed == late->timeline.queued;
        EXPECT_GE(late->books().gil_wait, 0);
        // Clock and books are read one after the other.
        EXPECT_LT(late->books().gil_hold, late->timeline.done - late->timeline.claimed + 10'000'000);
    }
    EXPECT_TRUE(came_late);
}

// As when the start of a server fails after its threads are there.
TEST(Worker, NoThreadOutlivesThePool) {
    const auto application = make_application(kWork);
    dispatch::WorkQueue queue{1};
    std::atomic<int> ended{0};
    const auto ending = [&] {
        std::this_thread::sleep_for(50ms);
        ++ended;
    };
    auto workers = std::make_unique<WorkerPool>(test::runtime(), queue, *application,
                                                WorkerPool::Hooks{.began = {}, .ending = ending});
    ASSERT_EQ(workers->grow(3), 3U);
    workers.reset();
    EXPECT_EQ(ended, 3);
}

TEST(Worker, AThreadThatWaitsLetsAnotherRun) {
    Pool pool(kWork);
    pool.workers.grow(2);
    const auto waiting = pool.push("GET /gate HTTP/1.1");
    ASSERT_TRUE(pool.wait_for([&] { return pool.queue.length() == 0; }));
    const auto opening = pool.push("GET /open HTTP/1.1");
    ASSERT_TRUE(pool.wait_done(opening) && pool.wait_done(waiting));
    EXPECT_GT(waiting->books().lock_wait, 0);
}

TEST(Worker, AnExpiredExchangeIsPassedOver) {
    Pool pool(kWork);
    const auto expired = pool.push("GET / HTTP/1.1");
    ASSERT_TRUE(expired->expire());
    const auto next = pool.push("GET / HTTP/1.1");
    pool.workers.grow(1);
    ASSERT_TRUE(pool.wait_done(next));
    EXPECT_EQ(expired->events(), 0U);
}

TEST(Worker, StatesAddUp) {
    Pool pool(kWork);
    pool.workers.grow(3);
    ASSERT_TRUE(pool.wait_for([&] { return pool.queue.idle_threads() == 3; }));
    EXPECT_EQ(pool.workers.states().idle, 3U);
    const auto waiting = pool.push("GET /gate HTTP/1.1");
    ASSERT_TRUE(pool.wait_for([&] { return pool.workers.states().off_gil == 1; }));
    const WorkerStates states = pool.workers.states();
    EXPECT_EQ(states.running + states.waiting + states.off_gil + states.idle, pool.workers.size());
    const auto opening = pool.push("GET /open HTTP/1.1");
    ASSERT_TRUE(pool.wait_done(opening) && pool.wait_done(waiting));
    EXPECT_TRUE(pool.wait_for([&] { return pool.workers.states().idle == 3; }));
}

TEST(Worker, CpuClocksCanBeRead) {
    Pool pool(kWork);
    pool.workers.grow(2);
    ASSERT_TRUE(pool.wait_for([&] { return pool.workers.cpu_clocks().size() == 2; }));
    const auto counting = pool.push("GET /count HTTP/1.1");
    ASSERT_TRUE(pool.wait_done(counting));
    std::int64_t sum = 0;
    for (const clockid_t clock : pool.workers.cpu_clocks()) {
        timespec time{};
        ASSERT_EQ(clock_gettime(clock, &time), 0);
        sum += time.tv_sec * 1'000'000'000 + time.tv_nsec;
    }
    EXPECT_GE(sum, 50'000'000);
}

TEST(Worker, GrowsAndRetiresWhatIsIdle) {
    Pool pool(kWork);
    EXPECT_EQ(pool.workers.grow(3), 3U);
    ASSERT_TRUE(pool.wait_for([&] { return pool.queue.idle_threads() == 3; }));
    const auto waiting = pool.push("GET /gate HTTP/1.1");
    ASSERT_TRUE(pool.wait_for([&] { return pool.queue.idle_threads() == 2; }));
    // The one with a request stays.
    EXPECT_EQ(pool.workers.retire(5), 2U);
    EXPECT_EQ(pool.workers.size(), 1U);
    EXPECT_TRUE(pool.wait_for([&] { return pool.workers.cpu_clocks().size() == 1; }));
    EXPECT_EQ(pool.workers.retire(1), 0U);
    EXPECT_EQ(pool.workers.grow(1), 1U);
    const auto opening = pool.push("GET /open HTTP/1.1");
    ASSERT_TRUE(pool.wait_done(opening) && pool.wait_done(waiting));
    EXPECT_EQ(pool.workers.size(), 2U);
    EXPECT_TRUE(pool.wait_for([&] { return pool.workers.states().idle == 2; }));
}

TEST(Worker, RetiredThreadsLeaveTheirNamesToNewOnes) {
    Pool pool(kWork);
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(pool.workers.grow(2), 2U);
        const auto served = pool.push("GET /threads HTTP/1.1");
        ASSERT_TRUE(pool.wait_done(served));
        const std::string names = pool.connection.answer(*served).body;
        // Python knows the living only.
        EXPECT_TRUE(names == "baton-py-1" || names == "baton-py-2" || names == "baton-py-1 baton-py-2")
            << names;
        ASSERT_TRUE(pool.wait_for([&] { return pool.queue.idle_threads() == 2; }));
        ASSERT_EQ(pool.workers.retire(2), 2U);
        ASSERT_TRUE(pool.wait_for([&] { return pool.workers.cpu_clocks().empty(); }));
    }
}

TEST(Worker, AStuckThreadIsCountedAtTheEnd) {
    Pool pool(kWork);
    pool.workers.grow(2);
    const auto waiting = pool.push("GET /gate HTTP/1.1");
    ASSERT_TRUE(pool.wait_for([&] { return pool.queue.length() == 0 && pool.workers.states().idle == 1; }));
    const auto opening = pool.connection.exchange("GET /open HTTP/1.1");
    pool.workers.close();
    EXPECT_EQ(pool.workers.join_until(std::chrono::steady_clock::now() + 200ms), 1U);
    pool.connection.serve(*pool.application, *opening);  // on this thread, so that the other can end
    EXPECT_EQ(pool.workers.join_until(std::chrono::steady_clock::now() + kPatience), 0U);
    EXPECT_TRUE(pool.wait_done(waiting));
}

}  // namespace
}  // namespace baton::interp
