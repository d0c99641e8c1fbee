// Plans for the tests of fleet/.
//
// Threads: pure. Lifetime: values. Cannot: be run.
#pragma once

#include "loadgen/plan/plan.hpp"

namespace loadgen::fleet {

// With something in every member that travels.
inline plan::Plan full_plan() {
    plan::Plan plan;
    plan::Endpoint http;
    http.name = "caf\xc3\xa9";
    http.target = {true, "::1", "8443", "", "[::1]:8443", "/a%20b?c=d"};
    http.method = "PUT";
    http.headers = {{"X-One", "a \"b\""}, {"X-Two", "\xe9 is no UTF-8"}};
    http.body = std::string("\0\r\n\xff binary", 11);
    http.chunked = true;
    http.weight = 0.1;
    http.fresh_connection = true;
    http.first_byte = true;
    http.pace = {1, std::uint64_t{1} << 33};
    http.expect.statuses = {{200, 204}, {404, 404}};
    http.expect.body_contains = std::string("\0x", 2);
    http.expect.body_bytes = 0;
    http.expect.within = Nanoseconds(123'456'789);
    plan::Endpoint socket;
    socket.name = "/echo";
    socket.kind = plan::Kind::websocket;
    socket.target = {false, "", "", "@abstract", "localhost", "/echo"};
    socket.echo = {7, 1000, false};
    plan.endpoints = {http, socket};
    plan.load.model = plan::Model::open;
    plan.load.profile = {{0, 0}, {1.0 / 3, 1e6 / 7}, {1.0 / 3, 0.1}};
    plan.load.arrival = plan::Arrival::poisson;
    plan.load.connections = 11;
    plan.load.duration = Nanoseconds(1'500'000'001);
    plan.load.warm_up = Nanoseconds(3);
    plan.load.timeout = std::chrono::seconds(9);
    plan.load.threads = 3;
    plan.load.seed = 9'223'372'036'854'775'807;
    plan.load.part = 2;
    plan.load.parts = 5;
    plan.trust.insecure = true;
    return plan;
}

// Of the closed model, one endpoint.
inline plan::Plan small_plan() {
    plan::Plan plan;
    plan::Endpoint endpoint;
    endpoint.name = "/";
    endpoint.target = {false, "127.0.0.1", "1", "", "127.0.0.1:1", "/"};
    plan.endpoints = {endpoint};
    plan.load.duration = std::chrono::seconds(10);
    plan.load.timeout = std::chrono::seconds(1);
    return plan;
}

}  // namespace loadgen::fleet
