#include "loadgen/report/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <functional>
#include <limits>

#include "loadgen/report/diff.hpp"
#include "tests/unit/load_report/sample.hpp"

namespace {

using namespace loadgen;
namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

report::Report with_server_and_agent(report::Report run) {
    run.books = sample::server();
    using std::chrono::microseconds;
    run.agents = {
        {"one", "192.0.2.1:4000", 2500, 0.5, microseconds(70), -microseconds(300), microseconds(90)}};
    run.result.all.again = run.result.endpoints[0].again = 3;
    result::Self& self = run.result.self;
    self.waited = 0.25;
    self.stalled = 0.125;
    self.missed = 4;
    self.connect.record(microseconds(400));
    self.texts = {{result::Failure::local, "Too many open files"}};
    return run;
}

report::Report read(const json::value& document) {
    report::Read read = report::from_json(document);
    if (const auto* fault = std::get_if<report::Unreadable>(&read)) {
        ADD_FAILURE() << fault->why;
        return {};
    }
    return std::get<report::Report>(std::move(read));
}

std::string refusal(const json::value& document) {
    const report::Read read = report::from_json(document);
    const auto* fault = std::get_if<report::Unreadable>(&read);
    return fault == nullptr ? "accepted" : fault->why;
}

TEST(Json, has_the_numbers_that_were_asked_for) {
    const json::value document = report::to_json(with_server_and_agent(sample::open_run()));
    EXPECT_EQ(document.at("schema").as_string(), "baton-load/1");
    EXPECT_EQ(document.at("plan").at("model").as_string(), "open");
    EXPECT_EQ(document.at("plan").at("profile").at(0).at("rate").as_double(), 500);
    EXPECT_EQ(document.at("plan").at("endpoints").at(0).at("url").as_string(),
              "http://127.0.0.1:8000/io?ms=2");
    EXPECT_EQ(document.at("totals").at("response").at("n").to_number<int>(), 5000);
    EXPECT_NEAR(document.at("totals").at("response").at("p99").as_double(), 0.00398, 0.00001);
    EXPECT_TRUE(document.at("totals").at("response").at("p99.9").is_null()) << "5000 samples are not enough";
    EXPECT_DOUBLE_EQ(document.at("rate").as_double(), 500);
    EXPECT_EQ(document.at("series").as_array().size(), 10U);
    EXPECT_EQ(document.at("server").at("requests_per_cpu_second").as_double(), 2000);
    EXPECT_TRUE(report::to_json(sample::open_run()).at("server").is_null());
}

TEST(Json, goes_out_and_comes_back) {
    for (const report::Report& run : {with_server_and_agent(sample::open_run()), sample::closed_run()}) {
        const json::value document = report::to_json(run);
        const report::Report back = read(json::parse(json::serialize(document)));
        json::value again = report::to_json(back);
        // What is not brought back: single seconds' latencies.
        json::value expected = document;
        for (json::value* each : {&again, &expected}) {
            for (json::value& second : each->at("series").as_array()) {
                second.as_object().erase("response");
                second.as_object().erase("service");
            }
        }
        EXPECT_EQ(json::serialize(again), json::serialize(expected));
        EXPECT_EQ(back.result.plan.thresholds.size(), run.verdict.thresholds.size());
    }
}

// Of the version before: they were added within version 1 of the document.
TEST(Json, what_has_been_added_may_be_missing) {
    json::value document = report::to_json(sample::open_run());
    for (const char* name : {"waited", "stalled", "missed", "connect", "failure_texts"})
        EXPECT_EQ(document.at("generator").as_object().erase(name), 1U) << name;
    EXPECT_EQ(document.at("totals").as_object().erase("again"), 1U);
    EXPECT_EQ(document.at("endpoints").at(0).as_object().erase("again"), 1U);
    EXPECT_EQ(read(document).result.all.again, 0U);
}

TEST(Json, expectations_and_the_size_of_a_body_come_back) {
    report::Report run = sample::open_run();
    plan::Endpoint& endpoint = run.result.plan.endpoints[0];
    endpoint.body = "four";
    endpoint.expect = {{{200, 204}, {404, 404}}, "text", 17, std::chrono::milliseconds(250)};
    const json::value document = report::to_json(run);
    const report::Report back = read(document);
    EXPECT_EQ(back.result.plan.endpoints[0].body_bytes(), 4U);
    EXPECT_EQ(back.result.plan.endpoints[0].expect, endpoint.expect);
    EXPECT_EQ(report::to_json(back).at("plan"), document.at("plan"));
    json::value older = document;
    older.at("plan").at("endpoints").at(0).as_object().erase("expect");
    EXPECT_EQ(refusal(older), "accepted");
}

TEST(Json, histograms_come_back_exactly) {
    const report::Report run = sample::open_run();
    const stats::Histogram back = read(report::to_json(run)).result.all.response;
    EXPECT_EQ(back.cells().counts, run.result.all.response.cells().counts);
    EXPECT_EQ(back.least(), run.result.all.response.least());
    EXPECT_EQ(back.most(), run.result.all.response.most());
    EXPECT_EQ(back.mean(), run.result.all.response.mean());
}

TEST(Json, keeps_no_values_of_headers) {
    report::Report run = sample::open_run();
    run.result.plan.endpoints[0].headers = {{"Authorization", "Bearer s3cret"}};
    const std::string text = json::serialize(report::to_json(run));
    EXPECT_THAT(text, HasSubstr("Authorization"));
    EXPECT_THAT(text, Not(HasSubstr("s3cret")));
}

TEST(Json, a_number_that_json_does_not_have_is_null) {
    report::Report run = with_server_and_agent(sample::open_run());
    run.books->cpu = std::numeric_limits<double>::infinity();
    EXPECT_TRUE(report::to_json(run).at("server").at("cpu").is_null());
}

// Every member of the document, one after the other, replaced by something else or taken away: never accepted
// where the schema forbids it, never more than a refusal.
void each_member(json::value& place, const std::function<void(json::object&, std::string_view)>& visit) {
    if (auto* object = place.if_object()) {
        for (std::size_t i = 0; i < object->size(); ++i) {
            const std::string name((object->begin() + static_cast<std::ptrdiff_t>(i))->key());
            visit(*object, name);
            each_member(object->at(name), visit);
        }
    } else if (auto* array = place.if_array()) {
        for (std::size_t i = 0; i < std::min<std::size_t>(array->size(), 1); ++i)
            each_member(array->at(i), visit);
    }
}

TEST(Json, whatever_is_wrong_is_refused_and_no_more) {
    json::value document = report::to_json(with_server_and_agent(sample::closed_run()));
    int refused = 0;
    each_member(document, [&](json::object& object, std::string_view name) {
        const json::value kept = object.at(name);
        for (const json::value& other :
             {json::value("x"), json::value(-1), json::value(1e300), json::value(true),
              json::value(json::array{json::array{}}), json::value(json::object{{"x", "y"}})}) {
            object.at(name) = other;
            refused += refusal(document) != "accepted" ? 1 : 0;
        }
        object.at(name) = kept;
    });
    EXPECT_EQ(refusal(document), "accepted") << "all has been put back";
    EXPECT_GT(refused, 500);
}

TEST(Json, faults_say_where_they_are) {
    json::value document = report::to_json(sample::open_run());
    document.at("totals").at("response").at("n") = 4999;
    EXPECT_EQ(refusal(document), "totals.response: n is not the sum of the cells");
    document = report::to_json(sample::open_run());
    document.at("plan").as_object().erase("model");
    EXPECT_EQ(refusal(document), "plan.model: is missing");
    document = report::to_json(sample::open_run());
    document.at("endpoints").at(0).at("statuses").as_object()["2000"] = 1;
    EXPECT_EQ(refusal(document), "endpoints[0].statuses.2000: a status code of three digits is expected");
    document = report::to_json(sample::open_run());
    document.at("schema") = "baton-load/2";
    EXPECT_EQ(refusal(document), "schema: \"baton-load/1\" is expected");
    EXPECT_EQ(refusal(json::value(nullptr)), "the document: an object is expected");
}

TEST(Json, cells_have_to_be_those_of_a_histogram) {
    const json::value good = report::to_json(sample::open_run());
    const auto with_cells = [&](json::array cells) {
        json::value document = good;
        document.at("totals").at("response").at("n") = 2;
        document.at("totals").at("response").at("histogram").at("cells") = std::move(cells);
        return refusal(document);
    };
    EXPECT_THAT(with_cells({json::array{2'000'000, 2}}), HasSubstr("no cell"));
    EXPECT_THAT(with_cells({json::array{5000, 1}, json::array{5000, 1}}), HasSubstr("no cell"));
    EXPECT_THAT(with_cells({json::array{5000}}), HasSubstr("a cell and its count"));
    EXPECT_THAT(with_cells({json::array{1, 1}, json::array{2, 1}}), HasSubstr("no histogram"));
}

TEST(Json, what_is_not_known_is_passed_over) {
    json::value document = report::to_json(sample::open_run());
    document.as_object()["later"] = 1;
    document.at("totals").as_object()["later"] = json::object{};
    EXPECT_EQ(refusal(document), "accepted");
}

TEST(Json, text_is_bounded) {
    const auto why = [](const report::Read& read) { return std::get<report::Unreadable>(read).why; };
    EXPECT_THAT(why(report::parse("{")), HasSubstr("not JSON"));
    EXPECT_THAT(why(report::parse(std::string(1000, '['))), HasSubstr("not JSON"));
    EXPECT_THAT(why(report::parse(std::string(report::kLargestDocument + 1, ' '))), HasSubstr("too large"));
    EXPECT_THAT(why(report::load("/nowhere/at.json")), HasSubstr("/nowhere/at.json: No such file"));
    EXPECT_THAT(why(report::load("/")), HasSubstr("/: "));
}

TEST(Diff, has_ratios_of_what_both_have) {
    report::Report a = with_server_and_agent(sample::open_run());
    report::Report b = with_server_and_agent(sample::open_run());
    b.books->cpu = 5;
    b.books->gils[0].held = 2.5;
    EXPECT_EQ(report::diff_text(a, b, "a.json", "b.json"),
              R"TEXT(                           A: a.json  B: b.json   B/A
  rate offered                 500/s      500/s  1.00
  rate answered                500/s      500/s  1.00
  errors                         0 %        0 %  1.00
  from due p50               3.49 ms    3.49 ms  1.00
  from due p75               3.74 ms    3.74 ms  1.00
  from due p90               3.89 ms    3.89 ms  1.00
  from due p99               3.98 ms    3.98 ms  1.00
  from due max               3.99 ms    3.99 ms  1.00
  from sent p50              2.49 ms    2.49 ms  1.00
  from sent p75              2.74 ms    2.74 ms  1.00
  from sent p90              2.89 ms    2.89 ms  1.00
  from sent p99              2.98 ms    2.98 ms  1.00
  from sent max              2.99 ms    2.99 ms  1.00
  requests per CPU-second      2,000      1,000  0.50
  GIL held per request        250 us     500 us  2.00
One run of each has no interval: such a ratio may be chance; compare measures in turns and has one.
)TEXT");
}

TEST(Diff, finds_every_difference_of_what_is_sent) {
    const auto said = [](const std::function<void(plan::Plan&)>& change) {
        const report::Report a = sample::open_run();
        report::Report b = sample::open_run();
        change(b.result.plan);
        std::string all;
        // As diff reads them: from files, without bodies.
        for (const std::string& each :
             report::differences(read(report::to_json(a)), read(report::to_json(b))))
            all += each + '\n';
        return all;
    };
    EXPECT_EQ(said([](plan::Plan&) {}), "");
    EXPECT_EQ(said([](plan::Plan& plan) { plan.load.timeout = std::chrono::seconds(1); }),
              "The plans differ: timeouts of 30 s | 1 s\n");
    const auto in = [&](void (*change)(plan::Endpoint&)) {
        const std::string all = said([change](plan::Plan& plan) { change(plan.endpoints[0]); });
        const std::string begin = "The endpoints differ in ";
        EXPECT_EQ(all.substr(0, begin.size()), begin);
        return all.substr(std::min(all.size(), begin.size()), all.find(':') - begin.size());
    };
    EXPECT_EQ(in([](plan::Endpoint& of) { of.body = "x"; }), "size of the body");
    EXPECT_EQ(in([](plan::Endpoint& of) { of.chunked = true; }), "chunking");
    EXPECT_EQ(in([](plan::Endpoint& of) { of.headers = {{"A", "b"}}; }), "names of headers");
    EXPECT_EQ(in([](plan::Endpoint& of) { of.echo.bytes = 7; }), "WebSocket messages");
    EXPECT_EQ(in([](plan::Endpoint& of) { of.expect.body_contains = "x"; }), "expectations");
    EXPECT_EQ(in([](plan::Endpoint& of) { of.expect.within = std::chrono::seconds(1); }), "expectations");
    EXPECT_EQ(in([](plan::Endpoint& of) { of.name = "/other", of.weight = 2; }), "name, weight");
}

TEST(Diff, warns_of_other_plans_machines_and_servers) {
    const report::Report a = with_server_and_agent(sample::open_run());
    report::Report b = with_server_and_agent(sample::open_run());
    b.result.plan.load.profile = {{0, 600}};
    b.result.plan.endpoints[0].method = "POST";
    b.environment.kernel = "Linux 7";
    b.books->runtime["mode"] = "free-threaded";
    b.verdict.bottlenecks = {"x"};
    EXPECT_THAT(
        report::differences(a, b),
        testing::ElementsAre(
            HasSubstr("The plans differ: 500 requests/s"), HasSubstr("The endpoints differ in method: GET"),
            "The kernels differ: Linux 6.1.0 x86_64 | Linux 7",
            "The servers differ in mode: gil | free-threaded",
            "In B the load was not what was asked for, or the generator was the bottleneck."));
    EXPECT_THAT(report::differences(a, a), testing::IsEmpty());
}

TEST(Diff, of_a_closed_and_an_open_run_has_no_row_from_due) {
    const std::string text = report::diff_text(sample::open_run(), sample::closed_run(), "a", "b");
    EXPECT_THAT(text, Not(HasSubstr("  from due p")));
    EXPECT_THAT(text, HasSubstr("  from sent p50"));
    EXPECT_THAT(text, HasSubstr("warning: The plans differ"));
}

}  // namespace
