#include "server/routing/route_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "server/routing/route_cache.hpp"

namespace baton::routing {
namespace {

// Digits in the middle would be identifiers.
std::string nth_path(std::size_t n) {
    return "/page" + std::to_string(n);
}

void fill(RouteTable& table) {
    for (std::size_t n = 0; n < RouteTable::kLimit; ++n) table.of_path(nth_path(n), false);
}

TEST(RouteTable, PathsOfOneRouteShareALabel) {
    RouteTable table;
    const RouteId id = table.of_path("/users/1", false).id;
    EXPECT_EQ(table.of_path("/users/2", false).id, id);
    EXPECT_EQ(table.label(id), "/users/{id}");
    EXPECT_NE(table.of_path("/groups/1", false).id, id);
}

TEST(RouteTable, TemplatesComeFirstInTheirOrder) {
    RouteTable table({"/users/{name}", "/users/{id}/posts", "/files/{rest*}", "/users/me"});
    EXPECT_EQ(table.label(table.of_path("/users/anna", false).id), "/users/{name}");
    EXPECT_EQ(table.label(table.of_path("/users/me", false).id), "/users/{name}");
    EXPECT_EQ(table.label(table.of_path("/users/anna/posts", false).id), "/users/{id}/posts");
    EXPECT_EQ(table.label(table.of_path("/files/a/b", false).id), "/files/{rest*}");
    EXPECT_EQ(table.label(table.of_path("/else/7", false).id), "/else/{id}");
}

TEST(RouteTable, BadAndTooManyTemplatesAreRefused) {
    EXPECT_THROW(RouteTable({"users"}), std::invalid_argument);
    EXPECT_THROW(RouteTable({"/" + std::string(150, 'a')}), std::invalid_argument);
    std::vector<std::string> many;
    for (std::size_t n = 0; n < RouteTable::kLimit; ++n) many.push_back(nth_path(n));
    EXPECT_NO_THROW(RouteTable{many});
    many.emplace_back("/one-more");
    EXPECT_THROW(RouteTable{many}, std::invalid_argument);
}

TEST(RouteTable, NoMoreThanAHundredLabels) {
    RouteTable table;
    fill(table);
    EXPECT_EQ(table.size(), RouteTable::kIds);
    EXPECT_EQ(table.of_path("/new", false).id, RouteTable::kOther);
    EXPECT_EQ(table.of_name("/named"), RouteTable::kOther);
    EXPECT_EQ(table.size(), RouteTable::kIds);
    EXPECT_EQ(table.label(RouteTable::kOther), "_OTHER");
    EXPECT_EQ(table.label(table.of_path(nth_path(7), false).id), nth_path(7));
}

TEST(RouteTable, ANotFoundPathMakesNoLabelButMayHaveOne) {
    RouteTable table({"/items/{name}"});
    const std::size_t before = table.size();
    const RouteTable::Answer scanned = table.of_path("/wp-admin", true);
    EXPECT_EQ(scanned.id, RouteTable::kOther);
    EXPECT_FALSE(scanned.settled);
    EXPECT_EQ(table.size(), before);
    const RouteId users = table.of_path("/users/1", false).id;
    EXPECT_EQ(table.of_path("/users/999", true).id, users);
    EXPECT_EQ(table.label(table.of_path("/items/gone", true).id), "/items/{name}");
}

TEST(RouteTable, NamesAreTakenAsTheyAre) {
    RouteTable table;
    const RouteId id = table.of_name("/orders/42");
    EXPECT_EQ(table.label(id), "/orders/42");
    EXPECT_EQ(table.of_name("/orders/42"), id);
    EXPECT_EQ(table.of_name("_OTHER"), RouteTable::kOther);
}

TEST(RouteTable, WhatCannotBeALabelIsOther) {
    RouteTable table;
    EXPECT_EQ(table.of_path("/\xFF", false).id, RouteTable::kOther);
    EXPECT_EQ(table.of_path("/" + std::string(500, 'x'), false).id, RouteTable::kOther);
    EXPECT_EQ(table.of_name("a\nb"), RouteTable::kOther);
    EXPECT_EQ(table.size(), 1U);
}

TEST(RouteTable, ThreadsAgreeOnIds) {
    RouteTable table;
    constexpr std::size_t kThreads = 4;
    constexpr std::size_t kPaths = 150;  // more than there is room for
    std::vector<std::vector<RouteId>> ids(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t n = 0; n < kPaths; ++n) {
                const std::size_t mine = (n + t * 37) % kPaths;
                const RouteId id = table.of_path(nth_path(mine), false).id;
                if (id != RouteTable::kOther) {
                    EXPECT_EQ(table.label(id), nth_path(mine));
                }
                ids[t].push_back(id);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(table.size(), RouteTable::kIds);
    std::set<std::string_view> labels;
    for (std::size_t id = 0; id < table.size(); ++id) labels.insert(table.label(static_cast<RouteId>(id)));
    EXPECT_EQ(labels.size(), RouteTable::kIds);
}

TEST(RouteCache, AnswersAsTheTableDoes) {
    RouteTable table;
    RouteCache cache(table);
    for (int round = 0; round < 3; ++round) {
        for (int n = 0; n < 2'000; ++n) {  // more than it holds
            const std::string path = "/users/" + std::to_string(n);
            EXPECT_EQ(cache.of_path(path, false), table.of_path(path, false).id);
        }
    }
    EXPECT_EQ(table.size(), 2U);
}

TEST(RouteCache, DoesNotRememberThatAPathWasNotFound) {
    RouteTable table;
    RouteCache cache(table);
    EXPECT_EQ(cache.of_path("/later", true), RouteTable::kOther);
    const RouteId id = cache.of_path("/later", false);
    EXPECT_EQ(table.label(id), "/later");
    EXPECT_EQ(cache.of_path("/later", true), id);
}

TEST(RouteCache, TheEmptyPathIsNoHit) {
    RouteTable table({"/a"});
    RouteCache cache(table);
    EXPECT_EQ(cache.of_path("", false), RouteTable::kOther);
}

}  // namespace
}  // namespace baton::routing
