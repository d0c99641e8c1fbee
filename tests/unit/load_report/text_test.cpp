#include "loadgen/report/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loadgen/report/table.hpp"
#include "loadgen/report/words.hpp"
#include "tests/unit/load_report/sample.hpp"

namespace {

using namespace loadgen;
using testing::HasSubstr;
using testing::Not;

TEST(Text, of_an_open_run_with_the_servers_side) {
    report::Report run = sample::open_run();
    run.books = sample::server();
    EXPECT_EQ(report::to_text(run, false), R"TEXT(baton-load 0.1.0: GET http://127.0.0.1:8000/io?ms=2
500 requests/s, uniform, for 10 s after 1 s of warm-up

  requests   5,000 offered, 5,000 sent in time, 5,000 answered, 0 errors (0 %)
  rate       500/s offered, 500/s answered as expected
  bytes      1.25 MB in (125 kB/s), 400 kB out (40.0 kB/s)

                                p50      p75      p90      p99  p99.9      max      n
  response time (from due)  3.49 ms  3.74 ms  3.89 ms  3.98 ms    n/a  3.99 ms  5,000
  service time (from sent)  2.49 ms  2.74 ms  2.89 ms  2.98 ms    n/a  2.99 ms  5,000

  status     200: 5,000

  generator  12.5 % of a core, busiest thread 12.5 %, own lateness p99 50.0 us, 17 connections opened

  server     2,000 requests per CPU-second, 5,000 requests, 2.50 s CPU (0.25 cores), 3 rejected
             mode gil, python_version 3.11.2
             CPU by thread: interpreter 2.00 s, io 500 ms
  GIL        interpreter 0: held 12.5 % of the time, 0.05 threads waiting on average, 40 of 12,000 releases forced

  route   requests   mean  gil_hold  gil_wait  off_gil  queue  client p50      p99
  /io        4,900  2.500     0.200     0.200    2.000  0.100     3.49 ms  3.98 ms
  /other       100  1.000     1.000     0.000    0.000  0.000           -        -
  (the server's in milliseconds per request)
)TEXT");
}

TEST(Text, of_a_closed_run_with_everything_that_can_be_wrong) {
    EXPECT_EQ(report::to_text(sample::closed_run(), false),
              R"TEXT(baton-load 0.1.0: GET http://127.0.0.1:8000/io and 1 more
closed model, 8 connections: each sends the next request when the last is answered; for 2 s

  requests   2,054 sent, 2,053 answered, 4 errors (0.19 %)
  rate       1,025/s answered as expected
  bytes      512 kB in (256 kB/s), 164 kB out (82.0 kB/s)

                                p50      p75      p90     p99  p99.9     max      n
  service time (from sent)  2.51 ms  2.76 ms  2.92 ms  100 ms    n/a  100 ms  2,050
  failed requests               n/a      n/a      n/a     n/a    n/a  700 us      3

  status     200: 2,050  500: 3
  errors     timeout: 1  unexpected: 3

  endpoint  requests  errors      p50      p99  p99.9      max
  /io          2,000     0 %  2.49 ms  2.98 ms    n/a  2.99 ms
  /slow           54   7.4 %   100 ms      n/a    n/a   100 ms
  (service time (from sent))

  threshold  missed  p99<50ms, actual 100 ms
  threshold  kept    errors<1%, actual 0.20 %
  threshold  missed  p99.9<1s, not enough samples

  generator  50.0 % of a core, busiest thread 50.0 %, 8 connections opened

warning: The load average was high.

the generator was the bottleneck: A thread was busy all the time.
)TEXT");
}

TEST(Text, is_ascii_without_escapes_unless_told) {
    report::Report run = sample::closed_run();
    run.books = sample::server();
    for (const char letter : report::to_text(run, false))
        ASSERT_TRUE(letter == '\n' || (letter >= ' ' && letter <= '~'));
    const std::string coloured = report::to_text(run, true);
    EXPECT_THAT(coloured, HasSubstr("\x1b[31mmissed\x1b[0m"));
    EXPECT_THAT(coloured, HasSubstr("\x1b[32mkept\x1b[0m"));
}

TEST(Text, what_others_wrote_cannot_command_the_terminal) {
    report::Report run = sample::closed_run();
    run.result.plan.endpoints[0].name = "/\x1b[2J";
    run.result.plan.endpoints[0].target.path = "/\x1b]0;title\x07";
    run.books = sample::server();
    run.books->routes[0].name = "/\x1b[31m\xC2\x9B";
    run.books->runtime["mode"] = "\x1b[0m";
    EXPECT_THAT(report::to_text(run, false), Not(testing::AnyOf(HasSubstr("\x1b"), HasSubstr("\xC2\x9B"))));
}

TEST(Text, of_a_run_without_a_single_answer) {
    report::Report run = sample::open_run();
    run.result.all = {};
    run.result.endpoints[0] = {};
    const std::string text = report::to_text(run, false);
    EXPECT_THAT(text, HasSubstr("n/a    n/a  n/a  0\n"));
    EXPECT_THAT(text, HasSubstr("status     none\n"));
}

TEST(Text, without_a_measured_time_there_is_no_rate_to_be_infinite) {
    report::Report run = sample::open_run();
    run.result.self.wall = 0;
    EXPECT_THAT(report::to_text(run, false), Not(testing::AnyOf(HasSubstr("inf"), HasSubstr("nan"))));
}

TEST(Text, what_was_sent_again_and_why_others_failed_is_told) {
    report::Report run = sample::open_run();
    run.result.all.again = 3;
    run.result.all.failures[static_cast<std::size_t>(result::Failure::refused)] = 1200;
    run.result.self.texts[result::Failure::refused] = "Connection refused";
    for (int i = 0; i < 17; ++i) run.result.self.connect.record(std::chrono::microseconds(400));
    EXPECT_THAT(report::to_text(run, false), HasSubstr(", 17 connections opened in at most 400 us\n"));
    for (int i = 0; i < 3; ++i) run.result.self.connect.record(std::chrono::microseconds(400));
    const std::string text = report::to_text(run, false);
    EXPECT_THAT(text, HasSubstr("5,000 sent in time, sent again: 3, 5,000 answered"));
    EXPECT_THAT(text, HasSubstr("errors     refused: 1,200 (Connection refused)\n"));
    EXPECT_THAT(text, HasSubstr("opening a connection"));
    run.result.self.texts[result::Failure::refused] = "\x1b[2J";
    EXPECT_THAT(report::to_text(run, false), Not(HasSubstr("\x1b")));
}

TEST(Text, a_generator_that_was_kept_from_running_is_told) {
    report::Report run = sample::closed_run();
    run.result.self.waited = 0.25;
    EXPECT_THAT(report::to_text(run, false),
                HasSubstr("busiest thread 50.0 %, kept from running for 25.0 %,"));
    run = sample::open_run();
    run.result.self.waited = 0.25;
    EXPECT_THAT(report::to_text(run, false), Not(HasSubstr("kept from running")));
    run.result.self.stalled = 0.25;
    EXPECT_THAT(report::to_text(run, false), HasSubstr("kept from running for 25.0 %"));
}

TEST(Text, answers_behind_the_measured_time_are_told) {
    report::Report run = sample::open_run();
    run.result.all.behind = 12;
    EXPECT_THAT(report::to_text(run, false), HasSubstr(", 12 more came after the measured time\n"));
}

TEST(Words, durations_have_three_digits) {
    using report::duration_text;
    EXPECT_EQ(duration_text(0.0), "0.00 us");
    EXPECT_EQ(duration_text(412.4e-6), "412 us");
    EXPECT_EQ(duration_text(0.9996e-3), "1.00 ms");
    EXPECT_EQ(duration_text(0.00231), "2.31 ms");
    EXPECT_EQ(duration_text(0.0999), "99.9 ms");
    EXPECT_EQ(duration_text(0.09996), "100 ms");
    EXPECT_EQ(duration_text(0.9996), "1.00 s");
    EXPECT_EQ(duration_text(123.4), "123 s");
    EXPECT_EQ(duration_text(std::optional<Nanoseconds>()), "n/a");
}

TEST(Words, counts_rates_bytes_shares) {
    EXPECT_EQ(report::count_text(0), "0");
    EXPECT_EQ(report::count_text(999), "999");
    EXPECT_EQ(report::count_text(1234567), "1,234,567");
    EXPECT_EQ(report::rate_text(500), "500");
    EXPECT_EQ(report::rate_text(47.46), "47.5");
    EXPECT_EQ(report::rate_text(12345.6), "12,346");
    EXPECT_EQ(report::bytes_text(999), "999 B");
    EXPECT_EQ(report::bytes_text(1'250'000), "1.25 MB");
    EXPECT_EQ(report::percent_text(0), "0 %");
    EXPECT_EQ(report::percent_text(1e-9), "<0.001 %");
    EXPECT_EQ(report::percent_text(0.00012), "0.012 %");
    EXPECT_EQ(report::percent_text(0.125), "12.5 %");
}

TEST(Words, a_long_name_is_cut_between_characters) {
    EXPECT_EQ(report::printable("ab\xC3\xA9"
                                "cd",
                                3),
              "ab...");
    EXPECT_EQ(report::printable("abcd", 3), "abc...");
    EXPECT_EQ(report::printable("abc", 3), "abc");
}

TEST(Words, urls_and_models) {
    plan::Endpoint endpoint = sample::endpoint("/", "/x?y");
    EXPECT_EQ(report::url_of(endpoint), "http://127.0.0.1:8000/x?y");
    endpoint.kind = plan::Kind::websocket;
    endpoint.target.tls = true;
    endpoint.target.unix_socket = "/run/b.sock";
    EXPECT_EQ(report::url_of(endpoint), "wss+unix:/run/b.sock:/x?y");
    plan::Plan plan = sample::open_run().result.plan;
    plan.load.profile = {{0, 100}, {10, 500}};
    plan.load.arrival = plan::Arrival::poisson;
    plan.load.warm_up = {};
    EXPECT_EQ(report::model_line(plan),
              "requests/s by straight lines between 100 at 0 s, 500 at 10 s, poisson, for 10 s");
}

TEST(Table, columns_are_as_wide_as_they_have_to_be) {
    report::Table table(1);
    table.row({"a", "1", "long"});
    table.row({"\xC3\xA9\xC3\xA9", "22", ""});
    EXPECT_EQ(table.text("> "), "> a    1  long\n> \xC3\xA9\xC3\xA9  22\n");
}

TEST(Environment, keeps_no_values_of_headers) {
    EXPECT_EQ(report::without_secrets(
                  {"baton-load", "-H", "Cookie: a", "--header=Authorization: Basic b", "-HX: y", "u"}),
              (std::vector<std::string>{"baton-load", "-H", "Cookie: ...", "--header=Authorization: ...",
                                        "-HX: ...", "u"}));
    EXPECT_EQ(
        report::without_secrets({"-kH", "Cookie: a", "-kHX: y", "--header", "A: b", "-k", "--http"}),
        (std::vector<std::string>{"-kH", "Cookie: ...", "-kHX: ...", "--header", "A: ...", "-k", "--http"}));
}

// A body may be a form with a password in it.
TEST(Environment, keeps_no_bodies) {
    EXPECT_EQ(report::without_secrets({"--body", "-H", "--body=secret", "--body-file", "f"}),
              (std::vector<std::string>{"--body", "...", "--body=...", "--body-file", "f"}));
}

TEST(Environment, is_of_this_machine) {
    const report::Environment here = report::environment("1.2.3", {"baton-load"});
    EXPECT_THAT(here.kernel, testing::StartsWith("Linux "));
    EXPECT_GE(here.cores, 1U);
    EXPECT_FALSE(here.cpu_model.empty());
}

}  // namespace
