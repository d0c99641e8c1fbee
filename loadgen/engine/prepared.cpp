#include "loadgen/engine/prepared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>

#include "loadgen/engine/targets.hpp"

namespace loadgen::engine {

namespace {

constexpr std::size_t kChunk = std::size_t{16} << 10;

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool has(const plan::Endpoint& endpoint, std::string_view name) {
    return std::any_of(endpoint.headers.begin(), endpoint.headers.end(),
                       [&](const plan::Header& header) { return same_name(header.name, name); });
}

bool takes_a_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

std::string head_of(const plan::Endpoint& endpoint) {
    std::string head = fmt::format("{} {} HTTP/1.1\r\n", endpoint.method, endpoint.target.path);
    const auto field = [&head](std::string_view name, std::string_view value) {
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
    };
    if (!has(endpoint, "Host")) field("Host", endpoint.target.authority);
    if (!has(endpoint, "User-Agent")) field("User-Agent", "baton-load");
    if (!has(endpoint, "Accept")) field("Accept", "*/*");
    for (const plan::Header& header : endpoint.headers) field(header.name, header.value);
    if (endpoint.chunked) {
        field("Transfer-Encoding", "chunked");
    } else if (!endpoint.body.empty() || takes_a_body(endpoint.method)) {
        field("Content-Length", std::to_string(endpoint.body.size()));
    }
    if (endpoint.fresh_connection) field("Connection", "close");
    return head + "\r\n";
}

// RFC 9112, 7.1.
std::string chunks_of(const std::string& body) {
    std::string out;
    for (std::size_t at = 0; at < body.size(); at += kChunk) {
        const std::string_view chunk = std::string_view(body).substr(at, kChunk);
        fmt::format_to(std::back_inserter(out), "{:x}\r\n{}\r\n", chunk.size(), chunk);
    }
    return out + "0\r\n\r\n";
}

}  // namespace

std::vector<Prepared> prepare(const plan::Plan& plan) {
    std::vector<Prepared> all;
    const std::vector<std::size_t> where = places_of(plan);
    std::map<std::tuple<std::size_t, plan::Kind, std::uint64_t, std::uint64_t, std::string>, std::size_t>
        pools;
    for (std::size_t i = 0; i < plan.endpoints.size(); ++i) {
        const plan::Endpoint& endpoint = plan.endpoints[i];
        // A WebSocket is opened by its path; HTTP connections are one as good as the other.
        const bool websocket = endpoint.kind == plan::Kind::websocket;
        const auto key = std::tuple(where[i], endpoint.kind, endpoint.pace.send, endpoint.pace.receive,
                                    websocket ? endpoint.name : std::string());
        Prepared one;
        one.endpoint = &endpoint;
        one.where = where[i];
        one.pool = pools.emplace(key, pools.size()).first->second;
        if (!websocket) {
            one.head = head_of(endpoint);
            one.body = endpoint.chunked ? chunks_of(endpoint.body) : endpoint.body;
        }
        all.push_back(std::move(one));
    }
    return all;
}

bool idempotent(const plan::Endpoint& endpoint) noexcept {
    constexpr std::array<std::string_view, 6> kMethods{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    // An echo leaves nothing behind.
    return endpoint.kind == plan::Kind::websocket ||
           std::find(kMethods.begin(), kMethods.end(), endpoint.method) != kMethods.end();
}

}  // namespace loadgen::engine
