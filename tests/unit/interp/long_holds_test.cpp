#include "interp/long_holds.hpp"

#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <regex>
#include <thread>
#include <utility>
#include <vector>

#include "interp/current_request.hpp"
#include "interp/errors.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/protocol.hpp"
#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using namespace std::chrono_literals;
using test::runtime;

constexpr auto kAtMost = 30s;
constexpr auto kNever = 10h;  // no thread of the test holds the GIL for as long
constexpr std::int64_t kEver = std::chrono::nanoseconds(20h).count();

bool wait_for(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kAtMost;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

constexpr const char* kReport = "the GIL was held for";

// A module whose hold(ms) is one hold, by C code that keeps the GIL, and ends in the next line.
std::string module_that_holds() {
    const std::string name = test::unused_name("holds_");
    test::write_module(name, R"py(
import ctypes, time
usleep = ctypes.PyDLL(None).usleep
def innermost(ms):
    usleep(ms * 1000)
    time.sleep(0)  # line 6
def hold(ms):
    innermost(ms)  # line 8
)py");
    return name;
}

void hold(PyThreadState* state, const std::string& module, int ms) {
    const Attach attached(state);
    const Owned holds = expect(PyImport_ImportModule(module.c_str()));
    expect(PyObject_CallMethod(holds.get(), "hold", "i", ms));
}

// A thread that runs Python and has a name, as an interpreter thread does.
void on_a_thread(const std::function<void(PyThreadState*)>& work) {
    std::thread([&] {
        pthread_setname_np(pthread_self(), "holder");
        const ThreadState state(runtime().interpreter());
        work(state.get());
    }).join();
}

// The hook as the ledger calls it: on a thread that has let go of the GIL after so long.
void told(std::int64_t nanoseconds) {
    gil::long_holds.hook(gil::long_holds.argument, {nanoseconds, nanoseconds});
}

// Every hold as if somebody had asked for the GIL from its beginning on: the tests' threads are alone.
class Unheeded {
  public:
    Unheeded() : real_(gil::long_holds) {
        gil::on_long_hold(
            real_.limit,
            [](void* self, gil::LongHold hold) {
                const gil::LongHolds& real = static_cast<Unheeded*>(self)->real_;
                real.hook(real.argument, {hold.nanoseconds, hold.nanoseconds});
            },
            this);
    }
    ~Unheeded() { gil::on_long_hold(real_.limit, real_.hook, real_.argument); }
    Unheeded(const Unheeded&) = delete;
    Unheeded& operator=(const Unheeded&) = delete;

  private:
    const gil::LongHolds real_;
};

class Sink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    std::string take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(text_, {});
    }

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        text_.append(message.payload.data(), message.payload.size()).append("\n");
    }
    void flush_() override {}

    std::string text_;
};

struct LongHoldsTest : ::testing::Test {
    test::Connection connection;
    std::shared_ptr<Sink> sink = std::make_shared<Sink>();
    spdlog::logger log{"holds", sink};
    std::optional<LongHolds> holds;
    std::optional<Unheeded> told_as_unheeded;

    LongHoldsTest() { runtime(); }

    void SetUp() override {
        if (!gil::exact()) GTEST_SKIP() << "without books nobody tells of holds";
    }
    void TearDown() override {
        holds.reset();
        // What threads may still ask is never freed; a leak checker sees it here.
        told_as_unheeded.reset();
        static auto& kept = *new std::vector<void*>;
        kept.push_back(gil::long_holds.argument);
        gil::on_long_hold(0, nullptr, nullptr);
        CurrentRequest::long_is = std::numeric_limits<CurrentRequest::Nanoseconds>::max();
    }
    std::string logged() { return sink->take(); }
    // Holds until a report is as expected: on a busy machine the reporter may come too late for some.
    std::string hold_until(const std::string& expected, const dispatch::Exchange* exchange = nullptr) {
        const std::string module = module_that_holds();
        std::string text;
        on_a_thread([&](PyThreadState* state) {
            wait_for([&] {
                if (exchange != nullptr) current_request.begins(*exchange, dispatch::now());
                hold(state, module, 40);
                if (exchange != nullptr) current_request.ends(dispatch::now());
                text += logged();
                return std::regex_search(text, std::regex(expected));
            });
        });
        EXPECT_TRUE(std::regex_search(text, std::regex(expected))) << text;
        return text;
    }

    void begin(std::chrono::nanoseconds limit, LongHolds::RouteName route_name = name_of) {
        holds.emplace(runtime(), LongHolds::Limits{limit, limit}, std::move(route_name), log);
        told_as_unheeded.emplace();
    }
    // At that place: on a busy machine others hold the GIL for long, too.
    std::vector<NamedHold> named_at(const std::regex& place) const {
        std::vector<NamedHold> named = holds->named();
        std::erase_if(named, [&](const NamedHold& each) { return !std::regex_match(each.where, place); });
        return named;
    }
    // The worst of each name is kept: every hold is longer than the one before, until it outdoes what else
    // there was.
    NamedHold hold_until_named_at(const std::regex& place, const dispatch::Exchange* exchange = nullptr) {
        const std::string module = module_that_holds();
        std::vector<NamedHold> named;
        on_a_thread([&](PyThreadState* state) {
            int ms = 0;
            wait_for([&] {
                if (exchange != nullptr) current_request.begins(*exchange, dispatch::now());
                hold(state, module, ms += 40);
                if (exchange != nullptr) current_request.ends(dispatch::now());
                named = named_at(place);
                return !named.empty();
            });
        });
        EXPECT_EQ(named.size(), 1U);
        return named.empty() ? NamedHold{} : named[0];
    }
    static std::string name_of(std::uint32_t route, const std::string& path) {
        return "route " + std::to_string(route) + " of " + path;
    }
    dispatch::ExchangePtr request(const std::string& path, std::uint32_t route) {
        dispatch::ExchangePtr exchange = connection.exchange("GET " + path + " HTTP/1.1");
        exchange->route = route;
        exchange->id = "the-id";
        return exchange;
    }
};

// --- What a report says

// The stack of hold(), the innermost frame first.
constexpr const char* kStack =
    R"(; at the end:\n\S*/holds_[0-9]+\.py:6 \(innermost\)\n\S*/holds_[0-9]+\.py:8 \(hold\)\n)";

TEST_F(LongHoldsTest, NamesRouteRequestAndThreadAndTheStackAtTheEnd) {
    begin(20ms);
    const auto exchange = request("/some/path", 7);
    hold_until(std::string(R"(held for [0-9]+\.[0-9] ms at a stretch by route 7 of /some/path )"
                           R"(\(request the-id, thread holder\))") +
                   kStack,
               exchange.get());
}

TEST_F(LongHoldsTest, AThreadWithoutARequestIsNamed) {
    begin(20ms);
    hold_until(std::string(" by thread holder") + kStack);
}

TEST_F(LongHoldsTest, AThreadWithoutPythonHasNoStack) {
    begin(kNever);
    std::thread([] { told(kEver); }).join();
    EXPECT_TRUE(has(logged(), "; no Python code was running at the end"));
}

TEST_F(LongHoldsTest, ARequestThatIsOverIsNamedWithoutAStack) {
    begin(kNever);
    const auto exchange = request("/over", 3);
    std::thread([&] {
        const auto now = dispatch::now();
        current_request.begins(*exchange, now - kEver);
        current_request.ends(now);
        told(kEver);
    }).join();
    const std::string text = logged();
    EXPECT_TRUE(has(text, "route 3 of /over (request the-id, ")) << text;
    EXPECT_TRUE(has(text, "; it kept the GIL until it returned")) << text;
}

// --- By name

// Of a request of this route that has kept the GIL until it returned.
void held_by(const dispatch::Exchange& exchange, std::int64_t nanoseconds) {
    const auto now = dispatch::now();
    current_request.begins(exchange, now - nanoseconds);
    current_request.ends(now);
    told(nanoseconds);
}

const std::regex kPlace(R"(\S*/holds_[0-9]+\.py:6 \(innermost\))");

TEST_F(LongHoldsTest, WhereItWasIsTheInnermostFrame) {
    begin(20ms);
    const auto exchange = request("/where", 7);
    EXPECT_EQ(hold_until_named_at(kPlace, exchange.get()).by, "route 7 of /where");
}

TEST_F(LongHoldsTest, WithoutALogTheyAreNamedAllTheSame) {
    holds.emplace(runtime(), LongHolds::Limits{.named = 20ms}, name_of, log);
    told_as_unheeded.emplace();
    const NamedHold named = hold_until_named_at(kPlace);
    EXPECT_EQ(logged(), "");
    EXPECT_EQ(named.by, "thread:holder");
    EXPECT_GE(named.unheeded, 20ms);
}

TEST_F(LongHoldsTest, AHoldThatEndedSoonAfterItWasAskedToIsNotNamed) {
    holds.emplace(runtime(), LongHolds::Limits{.logged = 20ms, .named = kNever}, name_of, log);
    told_as_unheeded.emplace();
    hold_until(std::string(" by thread holder") + kStack);
    EXPECT_TRUE(holds->named().empty());
}

TEST_F(LongHoldsTest, WithoutAPlaceThereIsNothingToName) {
    begin(kNever);
    const auto exchange = request("/over", 3);
    std::thread([&] {
        held_by(*exchange, kEver);
        told(kEver);
    }).join();
    EXPECT_EQ(count(logged(), kReport), 2U);
    EXPECT_TRUE(holds->named().empty());
}

TEST_F(LongHoldsTest, APathWithoutARouteIsReportedAndNotNamed) {
    begin(20ms);
    const auto exchange = request("/not/known", 0);
    hold_until(std::string("route 0 of /not/known .*") + kStack, exchange.get());
    EXPECT_TRUE(named_at(kPlace).empty());
}

// --- What is not reported

TEST_F(LongHoldsTest, AHoldBelowTheLimitIsSilent) {
    const std::string module = module_that_holds();
    begin(kNever);
    on_a_thread([&](PyThreadState* state) { hold(state, module, 40); });
    EXPECT_EQ(logged(), "");
}

TEST_F(LongHoldsTest, ShortRequestsOfALongHoldAreSilent) {
    begin(kNever);
    const auto exchange = request("/short", 3);
    std::thread([&] {
        current_request.begins(*exchange, dispatch::now());
        told(kEver);
        current_request.ends(dispatch::now());
        told(kEver);
    }).join();
    EXPECT_EQ(logged(), "");
}

TEST_F(LongHoldsTest, ThoseAboveTheMostOfASecondAreToldLater) {
    begin(kNever);
    constexpr std::size_t kHolds = 1000;
    std::string text;
    std::thread([&] {
        const auto begun = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < kHolds; ++i) told(kEver);
        const auto took = std::chrono::steady_clock::now() - begun;
        text = logged();
        const auto seconds = static_cast<std::size_t>(took / 1s) + 1;
        EXPECT_GE(count(text, kReport), std::size_t{LongHolds::kMostPerSecond});
        EXPECT_LE(count(text, kReport), LongHolds::kMostPerSecond * seconds);
        std::this_thread::sleep_for(1s);
        told(kEver);
        told(kEver);  // Has nothing to add.
        text += logged();
    }).join();
    std::size_t all = count(text, kReport);
    const std::regex left_out(R"(; ([0-9]+) more holds were not reported)");
    for (std::sregex_iterator at(text.begin(), text.end(), left_out), end; at != end; ++at)
        all += std::stoul((*at)[1]);
    EXPECT_LT(count(text, kReport), all);
    EXPECT_EQ(all, kHolds + 2);
}

// --- The reporter does not get the GIL

// Between a thread's release of the GIL and its report, once: somebody else takes the GIL, whoever is quicker
// otherwise.
struct Between {
    const gil::LongHolds real = gil::long_holds;
    std::latch released{1};
    std::latch taken{1};
    std::atomic<bool> used = false;
    std::atomic<bool> silent = true;  // from then on
    std::atomic<bool> reported = false;

    void begin() {
        gil::on_long_hold(
            real.limit, [](void* self, gil::LongHold hold) { static_cast<Between*>(self)->ended(hold); },
            this);
    }
    void ended(gil::LongHold hold) {
        if (used.exchange(true)) {
            if (!silent) real.hook(real.argument, hold);
            return;
        }
        released.count_down();
        taken.wait();
        // The reporter stands in line for the first, and finds the second when that has been given up.
        real.hook(real.argument, hold);
        real.hook(real.argument, hold);
        reported = true;
    }
};

TEST_F(LongHoldsTest, WithoutTheGilThereIsNoStackAndTheNextOneHasOneAgain) {
    const std::string module = module_that_holds();
    begin(20ms);
    Between between;
    between.begin();
    std::thread holder([&] {
        const ThreadState state(runtime().interpreter());
        hold(state.get(), module, 40);
    });
    between.released.wait();
    std::string text;
    {
        const Attach attached(runtime().main_thread());
        between.taken.count_down();
        EXPECT_TRUE(wait_for([&] { return between.reported.load(); }));
        text = logged();
    }
    holder.join();
    between.silent = false;  // The test's own hold was nobody's.
    EXPECT_EQ(count(text, "; the stack is not known: the GIL was not free again in time"), 2U) << text;
    EXPECT_FALSE(has(text, "at the end:")) << text;
    hold_until(kStack);
    holds.reset();  // The reporter ends before what it calls.
    gil::on_long_hold(between.real.limit, between.real.hook, between.real.argument);
}

// --- The end

TEST_F(LongHoldsTest, ItsEndWaitsForAReportThatHasBegun) {
    std::latch naming(1);
    begin(kNever, [&](std::uint32_t, const std::string&) {
        naming.count_down();
        std::this_thread::sleep_for(50ms);
        return std::string("slowly");
    });
    const auto exchange = request("/", 0);
    std::thread reporting([&] {
        current_request.begins(*exchange, dispatch::now() - kEver);
        told(kEver);
        current_request.ends(dispatch::now());
    });
    naming.wait();
    holds.reset();
    EXPECT_TRUE(has(logged(), "at a stretch by slowly (request the-id, "));
    reporting.join();
}

TEST_F(LongHoldsTest, ItEndsWhileThreadsReportAndThenSaysNothing) {
    const std::string module = module_that_holds();
    begin(1ms);
    std::atomic<bool> over = false;
    std::atomic<std::size_t> rounds = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const ThreadState state(runtime().interpreter());
            while (!over) {
                hold(state.get(), module, 2);
                ++rounds;
            }
        });
    }
    EXPECT_TRUE(wait_for([&] { return has(logged(), kReport); }));
    holds.reset();
    logged();
    const std::size_t before = rounds;
    EXPECT_TRUE(wait_for([&] { return rounds >= before + 40; }));
    over = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(logged(), "");
}

}  // namespace
}  // namespace baton::interp
