#include "loadgen/engine/prepared.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loadgen::engine {
namespace {

// An endpoint that differs from the usual one in this.
template <typename Change>
plan::Endpoint with(const Change& change) {
    plan::Endpoint endpoint;
    change(endpoint);
    return endpoint;
}

using testing::HasSubstr;
using testing::Not;

plan::Plan plan_of(std::vector<plan::Endpoint> endpoints) {
    plan::Plan plan;
    plan.endpoints = std::move(endpoints);
    for (plan::Endpoint& endpoint : plan.endpoints) {
        if (endpoint.target.authority.empty()) endpoint.target.authority = "here:81";
        if (endpoint.target.host.empty()) endpoint.target.host = "here";
    }
    return plan;
}

TEST(Prepared, ARequestAsABrowserWouldSendIt) {
    const plan::Plan plan = plan_of({plan::Endpoint{}});
    EXPECT_EQ(prepare(plan)[0].head,
              "GET / HTTP/1.1\r\nHost: here:81\r\nUser-Agent: baton-load\r\nAccept: */*\r\n\r\n");
}

TEST(Prepared, WhatTheUserSaysWins) {
    const plan::Plan plan =
        plan_of({with([](auto& it) { it.headers = {{"host", "there"}, {"USER-AGENT", "me"}}; })});
    const std::string head = prepare(plan)[0].head;
    EXPECT_THAT(head, HasSubstr("\r\nhost: there\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("here:81")));
    EXPECT_THAT(head, Not(HasSubstr("baton-load")));
}

plan::Endpoint by(const std::string& method, const std::string& body = "") {
    return with([&](auto& it) {
        it.method = method;
        it.body = body;
    });
}

TEST(Prepared, BodiesHaveTheirLength) {
    const plan::Plan plan = plan_of({by("POST", "12345"), by("POST"), by("GET")});
    const std::vector<Prepared> all = prepare(plan);
    EXPECT_THAT(all[0].head, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_EQ(all[0].body, "12345");
    EXPECT_THAT(all[1].head, HasSubstr("Content-Length: 0\r\n"));
    EXPECT_THAT(all[2].head, Not(HasSubstr("Content-Length")));
}

TEST(Prepared, Chunks) {
    plan::Endpoint endpoint = by("POST", std::string(16 * 1024 + 3, 'a'));
    endpoint.chunked = true;
    const plan::Plan plan = plan_of({endpoint});
    const Prepared one = prepare(plan)[0];
    EXPECT_THAT(one.head, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_EQ(one.body.substr(0, 6), "4000\r\n");
    EXPECT_EQ(one.body.substr(one.body.size() - 15), "\r\n3\r\naaa\r\n0\r\n\r\n");
}

TEST(Prepared, OneTargetIsOnePoolButWebSocketsAndSlowClientsHaveTheirOwn) {
    const auto socket = [](const char* name) {
        return with([&](auto& it) {
            it.name = name;
            it.kind = plan::Kind::websocket;
        });
    };
    const plan::Plan plan =
        plan_of({by("GET"), by("POST"), with([](auto& it) { it.pace.receive = 100; }), socket("d"),
                 socket("e"), with([](auto& it) { it.target.host = it.target.authority = "other"; })});
    const std::vector<Prepared> all = prepare(plan);
    EXPECT_EQ(all[0].pool, all[1].pool);
    std::vector<std::size_t> pools;
    for (std::size_t i = 1; i < all.size(); ++i) pools.push_back(all[i].pool);
    EXPECT_THAT(pools, testing::ElementsAre(0, 1, 2, 3, 4));
    EXPECT_EQ(all[4].where, 0U);
    EXPECT_EQ(all[5].where, 1U);
}

TEST(Prepared, OnlyWhatMayBeSentTwiceIsTriedAgain) {
    EXPECT_TRUE(idempotent(by("GET")));
    EXPECT_TRUE(idempotent(by("PUT")));
    EXPECT_FALSE(idempotent(by("POST")));
    EXPECT_FALSE(idempotent(by("PATCH")));
    EXPECT_TRUE(idempotent(with([](auto& it) { it.kind = plan::Kind::websocket; })));
}

}  // namespace
}  // namespace loadgen::engine
