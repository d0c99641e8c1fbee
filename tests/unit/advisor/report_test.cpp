#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "server/advisor/report_json.hpp"
#include "server/dispatch/inbox.hpp"
#include "tests/unit/advisor/support.hpp"

namespace baton::advisor {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(History, LooksBackAMinuteAndNoFurther) {
    History history(Snapshot{});
    EXPECT_FALSE(history.due(History::kStep - 1));
    EXPECT_TRUE(history.due(History::kStep));
    for (Nanoseconds at = History::kStep; at <= 600 * kSecond; at += History::kStep) {
        Snapshot snapshot;
        snapshot.at = at;
        history.add(snapshot);
        const Nanoseconds back = at - history.then(at).at;
        EXPECT_EQ(back, std::min(at, History::kSpan)) << at;
    }
    EXPECT_LE(history.size(), 14U);
    EXPECT_EQ(history.then(602 * kSecond).at, 540 * kSecond);
}

metrics::Observation observation(std::uint64_t requests, Nanoseconds hold) {
    metrics::Observation seen;
    seen.route_labels = {"_OTHER", "/a"};
    metrics::RouteTotals& totals = seen.totals.routes[1];
    totals.durations[{1, 200}].buckets[3] = requests;
    totals.phases[static_cast<std::size_t>(Phase::gil_hold)].sum = hold;
    totals.cpu.sum = hold;
    metrics::GilSample gil;
    gil.exact = true;
    gil.held = hold + 5;
    gil.kept = {{110, requests, hold}};
    seen.gils = {gil};
    seen.blame.pairs = {{1, 110, hold}};
    seen.others[110] = "thread:loader";
    seen.longest_holds = {{110, 77}};
    metrics::LoopSample loop;
    loop.active = hold;
    loop.long_steps = {{std::nullopt, requests, hold, 9}, {metrics::Party{1}, requests, hold + 1, 8}};
    seen.loops = {loop};
    seen.totals.rejected[0] = requests;
    seen.process.cpu = 2 * hold;
    return seen;
}

// An observatory without Python.
struct Observed {
    routing::RouteTable routes;
    metrics::Shards shards{routes};
    metrics::Recorder& recorder = shards.add();
    metrics::ThreadClocks clocks;
    metrics::Observatory observatory{shards,
                                     clocks,
                                     {.gils = [] { return std::vector<metrics::GilSample>{}; },
                                      .threads = [] { return metrics::ThreadStates{}; },
                                      .queue_length = [] { return std::size_t{0}; },
                                      .runtime = [] { return metrics::RuntimeInfo{}; },
                                      .gc = [] { return std::vector<metrics::GcSample>{}; },
                                      .python_threads = [] { return std::vector<metrics::PythonThread>{}; },
                                      .party_name = [](metrics::Party) { return std::string(); },
                                      .loops = [] { return std::vector<metrics::LoopSample>{}; }}};

    void request() {
        dispatch::Inbox inbox([] {});
        const dispatch::ExchangePtr exchange(new dispatch::Exchange(inbox));
        exchange->route_name = "/a";
        exchange->timeline = {.head = 1, .queued = 1, .claimed = 1, .done = 2, .sent = 2};
        recorder.request(*exchange, metrics::phases(exchange->timeline, exchange->books()), 200);
    }
};

TEST(Advisor, WhatCameBeforeItIsNoSubject) {
    Observed observed;
    observed.request();
    const Advisor advisor(observed.observatory, {});
    EXPECT_EQ(advisor.report().requests, 0U);
    observed.request();
    observed.request();
    EXPECT_EQ(advisor.report().requests, 2U);
}

TEST(History, BeginsWithItsFirstSnapshot) {
    Snapshot first;
    first.at = kSecond;
    first.held["main"] = 9 * kSecond;  // loading the application
    const History history(first);
    Snapshot now = first;
    now.at = 11 * kSecond;
    now.held["main"] += 2 * kSecond;
    EXPECT_EQ(window(history.then(now.at), now, {}).held, 2 * kSecond);
}

TEST(Window, IsADifference) {
    const metrics::Observation later = observation(30, 900);
    const Window seen = window(condense(observation(10, 300), 1000), condense(later, 4000), later);
    EXPECT_EQ(seen.length, 3000);
    ASSERT_EQ(seen.routes.size(), 1U);
    EXPECT_EQ(seen.routes.front().label, "/a");
    EXPECT_EQ(seen.routes.front().requests, 20U);
    EXPECT_EQ(seen.routes.front()[Phase::gil_hold], 600);
    EXPECT_EQ(seen.requests, 20U);
    EXPECT_EQ(seen.held, 600);
    EXPECT_EQ(seen.cpu, 1200);
    EXPECT_EQ(seen.rejected[0], 20U);
    ASSERT_EQ(seen.blame.size(), 1U);
    EXPECT_EQ(seen.blame.front().holding, "thread:loader");
    EXPECT_EQ(seen.blame.front().time, 600);
    ASSERT_EQ(seen.kept.size(), 1U);
    EXPECT_EQ(seen.kept.front().count, 20U);
    EXPECT_EQ(seen.kept.front().longest, 77);
    ASSERT_EQ(seen.loops.at(0).long_steps.size(), 2U);
    EXPECT_EQ(seen.loops[0].long_steps[0].time, 600);
    EXPECT_EQ(seen.loops[0].active, 600);
}

TEST(Window, WhatHasNotMovedIsNotThere) {
    const metrics::Observation same = observation(10, 300);
    const Window seen = window(condense(same, 1000), condense(same, 4000), same);
    EXPECT_TRUE(seen.routes.empty());
    EXPECT_TRUE(seen.blame.empty());
    EXPECT_TRUE(seen.kept.empty());
    EXPECT_TRUE(seen.loops.at(0).long_steps.empty());
}

TEST(Window, SinceTheStartEverythingCounts) {
    const metrics::Observation seen = observation(10, 300);
    Snapshot start;
    start.at = 500;
    const Window all = window(start, condense(seen, 1000), seen);
    EXPECT_EQ(all.length, 500);
    EXPECT_EQ(all.requests, 10U);
    EXPECT_EQ(all.loops.at(0).active, 300);
}

TEST(Report, TheWorstComesFirst) {
    Window window = test::window(
        {route("/cpu", 1000, {.hold = 50 * kMs}), route("/io", 1000, {.hold = kMs, .off = 20 * kMs})});
    const Report report = judge(window, facts());
    ASSERT_GE(report.advice.size(), 3U);
    EXPECT_EQ(report.advice.front().severity, Severity::warning);
    for (std::size_t i = 1; i < report.advice.size(); ++i)
        EXPECT_GE(report.advice[i - 1].severity, report.advice[i].severity);
    EXPECT_TRUE(report.lacks.empty());
}

TEST(Report, AnIdleServerLacksDataAndGetsNoAdvice) {
    const Report report = judge(test::window({}), facts());
    EXPECT_TRUE(report.advice.empty());
    EXPECT_GE(report.lacks.size(), 8U);
    const std::optional<std::string> text = readable(json(report));
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, HasSubstr("There is no advice."));
    EXPECT_THAT(*text, HasSubstr("not enough data: no request in 60 s"));
}

TEST(Report, JsonHasEverything) {
    const Report report = judge(test::window({route("/cpu", 1000, {.hold = 50 * kMs})}), facts());
    const boost::json::value page = boost::json::parse(json(report));
    EXPECT_EQ(page.at("window_seconds").to_number<double>(), 60);
    EXPECT_EQ(page.at("requests").to_number<int>(), 1000);
    EXPECT_TRUE(page.at("not_enough_data").as_array().empty());
    const boost::json::value& first = page.at("advice").as_array().at(0);
    for (const char* text : {"id", "severity", "title", "finding", "do_this", "expect", "docs"})
        EXPECT_FALSE(first.at(text).as_string().empty()) << text;
    EXPECT_FALSE(first.at("numbers").as_object().empty());
    EXPECT_NE(first.at("route").is_null(), first.at("interpreter").is_null());
}

// The repository: this file may know its own name only from where it was compiled.
std::filesystem::path repository() {
    std::filesystem::path root = std::filesystem::path(__FILE__).parent_path() / "../../..";
    for (auto up = std::filesystem::current_path(); !exists(root / "docs/advice"); up = up.parent_path()) {
        root = up;
        if (up == up.root_path()) break;
    }
    return root;
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Each rule's page: the one that `docs` names is there, is about it, and is in the list; and no page is left
// over.
TEST(Documented, EveryRuleHasItsPage) {
    const std::filesystem::path root = repository();
    const std::string list = text_of(root / "docs/advice/README.md");
    for (const Rule& rule : rules()) {
        const std::string id(rule.id);
        Report report;
        report.advice.emplace_back().id = id;
        report.lacks.push_back({id, "something"});
        const boost::json::value page = boost::json::parse(json(report));
        const std::string docs(page.at("advice").at(0).at("docs").as_string());
        EXPECT_EQ(docs, "docs/advice/" + id + ".md");
        EXPECT_EQ(page.at("not_enough_data").at(0).at("docs").as_string(), docs);
        EXPECT_TRUE(text_of(root / docs).starts_with("# " + id + ": ")) << docs;
        EXPECT_THAT(list, HasSubstr("| [" + id + "](" + id + ".md) |"));
    }
    const auto pages = std::filesystem::directory_iterator(root / "docs/advice");
    const auto count = std::count_if(begin(pages), end(pages), [](const auto& entry) {
        return entry.path().extension() == ".md" && entry.path().stem() != "README";
    });
    EXPECT_EQ(static_cast<std::size_t>(count), rules().size());
}

TEST(Readable, LinesAreNoWiderThanATerminalAndNothingIsLeftOut) {
    const Report report = judge(test::window({route("/cpu", 1000, {.hold = 50 * kMs})}), facts());
    const std::string text = readable(json(report)).value();
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
    for (const Advice& advice : report.advice) {
        EXPECT_THAT(text, HasSubstr(advice.title));
        EXPECT_THAT(text, HasSubstr("[" + advice.id + "]"));
        EXPECT_THAT(text, HasSubstr("docs/advice/" + advice.id + ".md"));
    }
    EXPECT_THAT(text, HasSubstr("gil_share_of_time=0.8333"));
}

TEST(Readable, OtherThingsAreNoAdvice) {
    for (const char* text : {"", "{}", "[]", "<html>", R"({"advice":1})",
                             R"({"advice":[{}],"not_enough_data":[],"window_seconds":1,"requests":1})"})
        EXPECT_FALSE(readable(text)) << text;
    EXPECT_THAT(*readable(R"({"advice":[],"not_enough_data":[],"window_seconds":60,"requests":1})"),
                HasSubstr("nothing stands out"));
}

}  // namespace
}  // namespace baton::advisor
