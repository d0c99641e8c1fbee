#include "server/probe/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "server/metrics/exposition.hpp"
#include "server/probe/families.hpp"
#include "tests/unit/probe/books.hpp"

namespace baton::probe {
namespace {

using test::usual_book;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Run kRun{{"python3", "server.py"}, 10'500'000'000, 0};

Book unverified(Verdict verdict, const char* fault = "") {
    Book book = usual_book(43);
    book.verdict = verdict;
    test::set(book.fault, fault);
    return book;
}

TEST(AtMost, BoundsOfBuckets) {
    std::array<std::uint64_t, kBuckets> buckets{};
    EXPECT_FALSE(at_most(buckets, 0.5));
    buckets[0] = 99;
    buckets[8] = 1;
    EXPECT_EQ(at_most(buckets, 0.5)->bound, 10'000);
    EXPECT_EQ(at_most(buckets, 0.99)->bound, 10'000);
    EXPECT_EQ(at_most(buckets, 0.991)->bound, 5'000'000);
    EXPECT_EQ(at_most(buckets, 1.0)->bound, 5'000'000);
    EXPECT_FALSE(at_most(buckets, 1.0)->beyond);
    buckets[17] = 1;
    EXPECT_EQ(at_most(buckets, 1.0)->bound, 5'000'000'000);
    EXPECT_TRUE(at_most(buckets, 1.0)->beyond);
}

TEST(Total, SumsOfExactBooksOnly) {
    Book two = usual_book(44);
    two.gil_count = 2;
    two.gils[1] = two.gils[0];
    two.gils[1].longest_hold = 1'600'000'000;
    const Total sum = total({usual_book(), two, unverified(Verdict::undecided)});
    EXPECT_EQ(sum.processes, 2U);
    EXPECT_EQ(sum.gils, 3U);
    EXPECT_EQ(sum.cpu, 6'000'000'000);
    EXPECT_EQ(sum.gil.held, 6'000'000'000);
    EXPECT_EQ(sum.gil.waited, 3'000'000'000);
    EXPECT_EQ(sum.gil.takes, 12U);
    EXPECT_EQ(sum.gil.forced, 3U);
    EXPECT_EQ(sum.gil.voluntary, 9U);
    EXPECT_EQ(sum.gil.holds[1], 9U);
    EXPECT_EQ(sum.gil.waits[17], 3U);
    EXPECT_EQ(sum.gil.longest_hold, 1'600'000'000);
}

TEST(Total, CpuTimeOfAProcessThatExecutesAnotherProgramCountsOnce) {
    Book before = usual_book();
    before.ended = 0;
    Book after = usual_book();
    after.started = before.written;
    after.written = after.started + 1'000'000'000;
    after.cpu = before.cpu + 500'000'000;
    EXPECT_EQ(total({before, after}).cpu, after.cpu);
    EXPECT_EQ(total({before, after}).gil.held, 4'000'000'000);
    after.cpu = 100'000'000;  // another process that was given the number
    EXPECT_EQ(total({before, after}).cpu, before.cpu + after.cpu);
}

TEST(Text, OneProcess) {
    EXPECT_EQ(report_text(kRun, {{usual_book()}, {}}),
              "baton probe: python3 server.py\n"
              "10.50 s, exit status 0, 1 process with Python\n"
              "\n"
              "process 42  python3 server.py\n"
              "  CPython 3.11.2, 10.00 s, 3.000 s of CPU\n"
              "  GIL of interpreter main\n"
              "    held        2.000 s, 20.0 % of the time\n"
              "    waited      1.000 s, added up over threads\n"
              "    takes       4, 2 of them had to wait\n"
              "    releases    3 voluntary, 1 forced\n"
              "    a hold      p50 <= 25 us, p99 <= 5 s, longest 1.5 s\n"
              "    a wait      p50 <= 10 us, p99 > 5 s, longest > 5 s\n");
}

TEST(Text, SeveralProcessesHaveATotal) {
    Book killed = usual_book(43);
    killed.ended = 0;
    const std::string text = report_text(kRun, {{usual_book(), killed}, {}});
    EXPECT_THAT(text, HasSubstr("10.00 s up to its last sign of life"));
    EXPECT_THAT(text,
                HasSubstr("total of 2 processes\n  6.000 s of CPU\n    held        4.000 s, by 2 GILs\n"));
    EXPECT_THAT(report_text({kRun.command, 1, {}}, {{killed}, {}}),
                AllOf(HasSubstr("still running"), HasSubstr("10.00 s so far")));
}

TEST(Text, WithoutNumbersOneSentence) {
    EXPECT_THAT(report_text(kRun, {}), HasSubstr("No Python was seen"));
    EXPECT_THAT(report_text(kRun, {{unverified(Verdict::refused, "because")}, {}}),
                AllOf(HasSubstr("  no books: because\n"), Not(HasSubstr("held"))));
    EXPECT_THAT(report_text(kRun, {{unverified(Verdict::undecided)}, {}}), HasSubstr("not verified yet"));
    Book free_threaded = unverified(Verdict::undecided);
    test::set(free_threaded.version, "3.14.0 free-threading build (main)");
    EXPECT_THAT(report_text(kRun, {{free_threaded}, {}}), HasSubstr("runs without a GIL"));
    EXPECT_THAT(report_text(kRun, {{}, {"7.book: not a readable book"}}), HasSubstr("\n7.book: not a"));
}

TEST(Text, ACommandIsOneLine) {
    Book book = usual_book();
    test::set(book.command, "python3 -c a\nb\x1b[31m");
    EXPECT_THAT(report_text(kRun, {{book}, {}}), AllOf(Not(HasSubstr("a\nb")), Not(HasSubstr("\x1b"))));
}

TEST(Json, SaysTheSame) {
    Book odd = unverified(Verdict::refused, "because");
    test::set(odd.command, "\xff\"");
    const auto report = boost::json::parse(report_json(kRun, {{usual_book(), odd}, {"fault"}}));
    EXPECT_EQ(report.at("exit_status").to_number<int>(), 0);
    EXPECT_DOUBLE_EQ(report.at("wall_seconds").as_double(), 10.5);
    const auto& first = report.at("processes").at(0);
    EXPECT_EQ(first.at("books").as_string(), "exact");
    EXPECT_TRUE(first.at("reason").is_null());
    const auto& gil = first.at("gils").at(0);
    EXPECT_EQ(gil.at("interpreter").as_string(), "main");
    EXPECT_DOUBLE_EQ(gil.at("held_seconds").as_double(), 2.0);
    EXPECT_EQ(gil.at("takes").to_number<int>(), 4);
    EXPECT_DOUBLE_EQ(gil.at("holds").at("p50_at_most_seconds").as_double(), 0.000'025);
    EXPECT_TRUE(gil.at("waits").at("longest_at_most_seconds").is_null());
    EXPECT_EQ(gil.at("waits").at("buckets").at(17).at("count").to_number<int>(), 1);
    const auto& second = report.at("processes").at(1);
    EXPECT_EQ(second.at("books").as_string(), "refused");
    EXPECT_EQ(second.at("reason").as_string(), "no books: because");
    EXPECT_TRUE(second.at("gils").as_array().empty());
    EXPECT_EQ(report.at("total").at("processes").to_number<int>(), 1);
    EXPECT_EQ(report.at("faults").at(0).as_string(), "fault");
}

TEST(Families, OneSeriesForEachProcess) {
    const std::string text = metrics::exposition(
        families({usual_book(), unverified(Verdict::refused, "because")}, 11'000'000'000));
    EXPECT_THAT(text, HasSubstr("cpython_gil_held_seconds_total{pid=\"42\",interpreter=\"main\"} 2\n"));
    EXPECT_THAT(
        text, HasSubstr("cpython_gil_releases_total{pid=\"42\",interpreter=\"main\",reason=\"forced\"} 1\n"));
    EXPECT_THAT(
        text,
        HasSubstr("cpython_gil_hold_seconds_bucket{pid=\"42\",interpreter=\"main\",le=\"2.5e-05\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("cpython_gil_hold_seconds_count{pid=\"42\",interpreter=\"main\"} 4\n"));
    EXPECT_THAT(text, HasSubstr("process_cpu_seconds_total{pid=\"43\"} 3\n"));
    EXPECT_THAT(text, Not(HasSubstr("pid=\"43\",interpreter")));
}

TEST(Families, WhatIsTrueNowIsSaidOfTheLivingOnly) {
    Book living = usual_book();
    living.ended = 0;
    const auto text = [&](std::int64_t now) { return metrics::exposition(families({living}, now)); };
    EXPECT_THAT(text(living.written), HasSubstr("cpython_gil_waiters{pid=\"42\",interpreter=\"main\"} 5\n"));
    EXPECT_THAT(text(living.written + 10'000'000'000),
                AllOf(HasSubstr("cpython_gil_held_seconds_total"), Not(HasSubstr("cpython_gil_waiters"))));
    EXPECT_THAT(text(living.written + kKeep + 1), Not(HasSubstr("pid=")));
}

TEST(Families, TheLatestOfTwoBooksOfOneProcess) {
    Book later = usual_book();
    later.started += 1;
    later.gils[0].held = 7'000'000'000;
    for (const std::vector<Book>& books :
         {std::vector{usual_book(), later}, std::vector{later, usual_book()}}) {
        EXPECT_THAT(metrics::exposition(families(books, 11'000'000'000)),
                    HasSubstr("seconds_total{pid=\"42\",interpreter=\"main\"} 7\n# HELP"));
    }
}

}  // namespace
}  // namespace baton::probe
