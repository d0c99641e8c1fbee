// What a run is to do: where the requests go, how many, when, and what is asked of the answers. Made by cli/
// and the scenario file, checked, and const from then on.
//
// Threads: const after it has been made, so any. Lifetime: a value; outlives the engine. Cannot: hold
// something that has not been checked; who makes one checks it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loadgen/clock.hpp"

namespace loadgen::plan {

// Where requests go: taken apart from a URL such as http://host:port/path?query, https://…, ws://…, wss://…,
// or http+unix:/path/of/socket:/path?query (also with ws, https, wss). A literal IPv6 host has its brackets
// in `authority` only.
struct Target {
    bool tls = false;
    std::string host;         // for the resolver, and for the certificate; empty with a Unix socket
    std::string port;         // "80"
    std::string unix_socket;  // a path; "@name" is an abstract one
    std::string authority;    // the Host field
    std::string path = "/";   // with the query
};

enum class Kind : std::uint8_t { http, websocket };

struct Header {
    std::string name;
    std::string value;
};

// What an answer has to be; anything else is an error of kind `unexpected`.
struct Expectation {
    // Inclusive ranges of status codes; empty: 100 to 399.
    std::vector<std::pair<int, int>> statuses;
    std::string body_contains;
    std::optional<std::uint64_t> body_bytes;  // exactly
    std::optional<Nanoseconds> within;        // from due (closed model: from sent)

    bool operator==(const Expectation&) const = default;
};

// A client that is slower than the network: bytes per second; 0: as fast as it goes.
struct Pace {
    std::uint64_t send = 0;
    std::uint64_t receive = 0;
};

// WebSocket: each request of the schedule opens a connection (or uses an idle one, unless
// `fresh_connection`), sends this many messages one after the other, and waits for the echo of each.
struct Echo {
    std::uint32_t messages = 1;
    std::uint32_t bytes = 32;
    bool text = true;
};

struct Endpoint {
    std::string name;  // in reports and thresholds: the path without the query, unless the scenario names it
    Kind kind = Kind::http;
    Target target;
    std::string method = "GET";
    std::vector<Header> headers;
    std::string body;
    std::uint64_t saved_body_bytes = 0;  // of a plan from a saved report, which has no bodies
    bool chunked = false;                // the body goes out in chunks
    double weight = 1;
    bool fresh_connection = false;  // a connection of its own for each request
    bool first_byte = false;        // the time of the first byte is recorded too (streamed responses)
    Pace pace;
    Echo echo;
    Expectation expect;

    std::uint64_t body_bytes() const noexcept { return body.empty() ? saved_body_bytes : body.size(); }
};

enum class Model : std::uint8_t { open, closed };
enum class Arrival : std::uint8_t { uniform, poisson };

// The offered rate over time: straight lines between points. One point is a constant rate.
struct RatePoint {
    double at;    // seconds from the start of the warm-up
    double rate;  // requests per second
};

struct Load {
    Model model = Model::closed;
    std::vector<RatePoint>
        profile;  // open model; in ascending order of `at`; two points at one time are a step
    Arrival arrival = Arrival::uniform;
    std::size_t connections = 10;  // closed: as many; open: at most
    Nanoseconds duration{};        // measured
    Nanoseconds warm_up{};         // before it, not measured
    Nanoseconds timeout{};         // of one request; also how long the end waits for answers
    std::size_t threads = 1;
    std::uint64_t seed = 1;
    // This generator's part of the one schedule: requests k with k % parts == part.
    std::size_t part = 0;
    std::size_t parts = 1;
};

enum class Bound : std::uint8_t { below, at_most, above, at_least };

// 'p99<50ms', 'errors<0.1%', '/io:p99<20ms', 'rate>=990', 'service-p99<20ms'.
struct Threshold {
    std::string text;      // as written
    std::string endpoint;  // empty: over all
    std::string metric;    // p50, p99.9, mean, max, errors, rate; with `service-` from sent
    Bound bound = Bound::below;
    double value = 0;  // seconds, share of 1, or requests per second
    bool of_offered =
        false;  // value is a share of the offered rate, until check_thresholds() has converted it
    std::string where = {};  // in a scenario file, FILE:LINE:COLUMN; empty: not from one
};

struct Trust {
    bool insecure = false;    // certificates are not verified
    std::string ca_file;      // in addition to the system's
    std::string certificate;  // the client's own, PEM
    std::string key;
};

struct Plan {
    std::vector<Endpoint> endpoints;  // at least one
    Load load;
    std::vector<Threshold> thresholds;
    Trust trust;
};

}  // namespace loadgen::plan
