// docs/load_scenarios.md shows what can be written; here it is read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include "loadgen/plan/scenario.hpp"
#include "loadgen/plan/threshold.hpp"

namespace loadgen::plan {
namespace {

std::string document() {
    std::ostringstream text;
    text << std::ifstream(BATON_DOCS "/load_scenarios.md").rdbuf();
    return text.str();
}

// The first block in that language.
std::string block(const std::string& text, const std::string& language) {
    const std::string fence = "```" + language + "\n";
    const std::size_t start = text.find(fence);
    if (start == std::string::npos) return "";
    const std::size_t end = text.find("```", start + fence.size());
    return text.substr(start + fence.size(), end - start - fence.size());
}

TEST(Document, ItsScenarioIsOne) {
    Parsed<Scenario> scenario = parse_scenario(block(document(), "toml"), "load_scenarios.md");
    ASSERT_TRUE(scenario) << scenario.why();
    ASSERT_EQ(scenario->endpoints.size(), 5U);
    EXPECT_EQ(scenario->endpoints[0].name, "/io/sleep");
    EXPECT_EQ(scenario->endpoints[1].body, "{\"items\":[\"tea\",\"cake\"],\"user\":42}");
    EXPECT_EQ(scenario->endpoints[4].kind, Kind::websocket);
    EXPECT_EQ(scenario->load.rate, 500);
    EXPECT_EQ(scenario->load.warm_up, std::chrono::seconds(2));

    Plan plan;
    plan.endpoints = scenario->endpoints;
    plan.thresholds = scenario->load.thresholds;
    plan.load.model = Model::open;
    plan.load.warm_up = *scenario->load.warm_up;
    plan.load.duration = *scenario->load.duration;
    plan.load.profile = *points_of({.rate = *scenario->load.rate, .ramp = scenario->load.ramp, .step = {}},
                                   plan.load.warm_up, plan.load.duration);
    const Problem problem = check_thresholds(plan);
    EXPECT_FALSE(problem) << problem->why;
    EXPECT_DOUBLE_EQ(plan.thresholds.at(2).value, 495) << "the ramp is over when the warm-up is";
}

TEST(Document, ItsKeysAreAllThatThereAre) {
    const std::string why = parse_scenario("[[endpoint]]\nurl = 'http://h'\nx = 1", "s").why();
    const std::string text = document();
    std::istringstream names(why.substr(why.find("there are: ") + 11));
    int count = 0;
    for (std::string name; std::getline(names >> std::ws, name, ',');) {
        EXPECT_NE(text.find('`' + name + '`'), std::string::npos) << name;
        ++count;
    }
    EXPECT_GT(count, 14);
}

}  // namespace
}  // namespace loadgen::plan
