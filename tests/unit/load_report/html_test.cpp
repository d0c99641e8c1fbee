#include "loadgen/report/html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <regex>
#include <stdexcept>

#include "loadgen/report/html_parts.hpp"
#include "tests/unit/load_report/sample.hpp"

namespace {

using namespace loadgen;
namespace html = report::html;
namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

std::string data_of(const std::string& page) {
    constexpr std::string_view kBegin = R"(<script type="application/json" id="run">)";
    const std::size_t begin = page.find(kBegin);
    EXPECT_NE(begin, std::string::npos);
    return page.substr(begin + kBegin.size(), page.find("</script>", begin) - begin - kBegin.size());
}

TEST(Html, has_the_numbers_in_tables_for_those_without_scripts) {
    report::Report run = sample::open_run();
    run.books = sample::server();
    const std::string page = report::to_html(run);
    EXPECT_THAT(page, HasSubstr("<td>response time (from due)</td><td>3.49 ms</td>"));
    EXPECT_THAT(page, HasSubstr("<td>service time (from sent)</td><td>2.49 ms</td>"));
    EXPECT_THAT(page, HasSubstr("<h2>The server's side</h2>"));
    EXPECT_THAT(page, HasSubstr(R"(<i class="gil_hold" style="width:8.)")) << "0.2 of 2.5 ms";
    EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(Html, without_the_server_there_is_no_section_of_it) {
    const std::string page = report::to_html(sample::closed_run());
    EXPECT_THAT(page, Not(HasSubstr("The server's side")));
    EXPECT_THAT(page, Not(HasSubstr("<td>response time (from due)</td>")));
    EXPECT_THAT(page, HasSubstr(R"(<td class="bad">missed</td>)"));
    EXPECT_THAT(page, HasSubstr("A thread was busy all the time."));
}

TEST(Html, fetches_nothing) {
    const std::string page = report::to_html(sample::closed_run());
    EXPECT_THAT(page, HasSubstr("default-src 'none'"));
    for (const char* way : {"src=", "@import", "url(", "fetch(", "XMLHttpRequest", "import("}) {
        EXPECT_THAT(page, Not(HasSubstr(way))) << way;
    }
    // The one link is that of the icon, which is empty.
    EXPECT_THAT(std::regex_replace(page, std::regex("<link rel=\"icon\" href=\"data:,\">"), ""),
                Not(HasSubstr("href=")));
}

TEST(Html, everything_from_the_run_is_escaped) {
    const std::string evil = R"(</script><script>alert("1")</script><b>&'{{page_js}})";
    report::Report run = sample::closed_run();
    run.books = sample::server();
    run.result.plan.endpoints[0].name = run.result.plan.endpoints[0].target.path = evil;
    run.result.started = run.environment.version = run.environment.kernel = run.environment.cpu_model = evil;
    run.environment.argv = {evil};
    run.verdict.warnings = run.verdict.bottlenecks = {evil};
    run.verdict.thresholds[0].threshold.text = evil;
    run.books->runtime = {{evil, evil}};
    run.books->routes[0].name = evil;
    run.books->gils[0].interpreter = evil;
    run.books->thread_cpu = {{evil, 1}};
    run.agents = {{evil, evil, 1, 0.5, std::nullopt, {}, {}}};
    const std::string page = report::to_html(run);
    EXPECT_THAT(page, Not(HasSubstr("alert(\"")));
    EXPECT_THAT(page, Not(HasSubstr("<b>&")));
    EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)"));
    EXPECT_THAT(page, HasSubstr("{{page_js}}")) << "what is put in is not filled in itself";
}

TEST(Html, json_cannot_end_its_element) {
    EXPECT_EQ(html::json_for_script(R"({"a":"</script><!--"})"), R"({"a":"\u003c/script>\u003c!--"})");
    EXPECT_EQ(json::parse(html::json_for_script(R"(["<<"])")), json::parse(R"(["<<"])"));
}

TEST(Html, charts_are_drawn_from_the_measured_time_only) {
    report::Report run = sample::open_run();
    run.result.seconds.push_back(run.result.seconds.back());  // what ended behind it
    run.result.stretches.push_back({10, 1, {}, {}});
    const json::value data = json::parse(data_of(report::to_html(run)));
    EXPECT_TRUE(data.at("open").as_bool());
    const json::value& series = data.at("series");
    for (const char* name :
         {"t", "due", "answered", "errors", "in_flight", "cpu", "response50", "response99", "service50"}) {
        EXPECT_EQ(series.at(name).as_array().size(), 10U) << name;
    }
    EXPECT_EQ(series.at("statuses").at("200").as_array().size(), 10U);
    EXPECT_EQ(data.at("percentiles").at("nines").as_array().size(),
              data.at("percentiles").at("service").as_array().size());
    // 5000 samples bear p99.8, which is 2.7 nines.
    EXPECT_NEAR(data.at("percentiles").at("nines").as_array().back().as_double(), 2.65, 0.051);
}

TEST(Html, p99_over_time_is_over_as_many_seconds_as_it_takes) {
    report::Report run = sample::open_run();
    for (result::Stretch& stretch : run.result.stretches) {
        stats::Histogram few;
        for (int i = 0; i < 400; ++i) few.record(std::chrono::milliseconds(2));
        stretch.service = stretch.response = few.cells();
    }
    const json::value data = json::parse(html::chart_data(run));
    EXPECT_EQ(data.at("series").at("window").to_number<int>(), 3);
    EXPECT_TRUE(data.at("series").at("service99").at(1).is_null());
    EXPECT_FALSE(data.at("series").at("service99").at(2).is_null());
}

// Two hours and a second: what each point stands for is in it whole.
TEST(Html, charts_of_long_runs_leave_no_second_out) {
    constexpr std::uint32_t kSeconds = 7201;
    report::Report run = sample::open_run();
    run.result.self.wall = kSeconds;
    run.result.seconds.assign(kSeconds, {});
    run.result.stretches.clear();
    for (std::uint32_t i = 0; i < kSeconds; ++i) {
        result::Second& second = run.result.seconds[i];
        second.answered = i % 4 == 1 ? 400 : 0;  // never in the first of a stretch
        second.statuses[200] = second.answered;
        second.due = 100;
        if (i % 4 != 0) continue;
        stats::Histogram answers;
        for (int k = 0; k < 400; ++k) answers.record(std::chrono::milliseconds(2));
        run.result.stretches.push_back({i, std::min(4U, kSeconds - i), answers.cells(), answers.cells()});
    }
    const json::value data = json::parse(html::chart_data(run));
    const json::value& series = data.at("series");
    EXPECT_EQ(series.at("step").to_number<int>(), 4);
    EXPECT_EQ(series.at("window").to_number<int>(), 12) << "400 answers in four seconds";
    const json::array& answered = series.at("answered").as_array();
    ASSERT_EQ(answered.size(), 1801U);
    EXPECT_EQ(answered[0].to_number<double>(), 100);
    EXPECT_EQ(answered[1800].to_number<double>(), 0) << "one second, in which there was none";
    EXPECT_EQ(series.at("statuses").at("200").at(1799).to_number<double>(), 100);
    EXPECT_EQ(series.at("due").at(1800).to_number<double>(), 100);
    EXPECT_EQ(series.at("t").at(1800).to_number<int>(), 7200);
    EXPECT_FALSE(series.at("service99").at(2).is_null());
}

TEST(Html, of_a_run_without_an_answer) {
    report::Report run = sample::open_run();
    run.result.all = {};
    run.result.endpoints[0] = {};
    run.result.seconds.clear();
    run.result.stretches.clear();
    const json::value data = json::parse(data_of(report::to_html(run)));
    EXPECT_TRUE(data.at("series").at("t").as_array().empty());
    EXPECT_TRUE(data.at("percentiles").at("nines").as_array().empty());
}

TEST(Fill, knows_its_names) {
    EXPECT_EQ(html::fill("a{{x}}b{{y}}", {{"x", "{{y}}"}, {"y", "1"}}), "a{{y}}b1");
    EXPECT_THROW(html::fill("{{z}}", {}), std::logic_error);
    EXPECT_THROW(html::fill("{{z", {}), std::logic_error);
}

}  // namespace
