#include "loadgen/plan/endpoint_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "loadgen/plan/body.hpp"
#include "loadgen/plan/expect_reader.hpp"
#include "loadgen/plan/fields.hpp"
#include "loadgen/plan/quantity.hpp"

namespace loadgen::plan {

namespace {

constexpr double kMostWeight = 1'000'000;
constexpr std::uint64_t kMostPace = 1ULL << 40;
constexpr std::uint64_t kMostMessages = 1'000'000;
constexpr std::uint64_t kLongestMessage = 16 << 20;
constexpr std::size_t kLongestName = 100;

// Keys that say something about one HTTP request and its answer.
constexpr std::array<std::string_view, 9> kHttpOnly{"method",     "body",      "body-file",
                                                    "body-bytes", "json",      "chunked",
                                                    "first-byte", "send-pace", "receive-pace"};

void read_name(TomlTable& keys, Endpoint& endpoint) {
    std::optional<std::string> name = keys.text("name");
    if (!name) return;
    const bool visible = std::all_of(name->begin(), name->end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    });
    if (name->empty() || name->size() > kLongestName || !visible || name->front() == ' ' ||
        name->back() == ' ')
        return keys.fault("name", fmt::format("must have 1 to {} visible characters", kLongestName));
    endpoint.name = std::move(*name);
}

// The path behind that of the base, as in base "http://host/api" and path "/users".
std::string joined(std::string_view base, const std::string& path) {
    return std::string(base.ends_with('/') ? base.substr(0, base.size() - 1) : base) + path;
}

std::optional<Address> read_address(TomlTable& keys, const Common& common) {
    const bool has_url = keys.node("url") != nullptr;
    const bool has_path = keys.node("path") != nullptr;
    if (has_url && has_path) {
        keys.fault("path", "does not go together with url");
    } else if (has_url) {
        return keys.quantity("url", parse_url);
    } else if (!has_path) {
        keys.fault("needs a url or a path");
    } else if (!common.base) {
        keys.fault("path", "needs a base, such as base = \"http://127.0.0.1:8000\" at the top");
    } else if (const std::optional<std::string> path = keys.quantity("path", parse_path)) {
        Address address = *common.base;
        address.target.path = joined(address.target.path, *path);
        return address;
    }
    return std::nullopt;
}

void read_echo(TomlTable& keys, Endpoint& endpoint, Faults& faults) {
    const toml::table* table = keys.table("websocket");
    if (table) {
        endpoint.kind = Kind::websocket;
        TomlTable echo(*table, "websocket", faults);
        endpoint.echo.messages =
            static_cast<std::uint32_t>(echo.whole("messages", 1, kMostMessages).value_or(1));
        const auto size = [](std::string_view text) { return parse_size(text, 0, kLongestMessage); };
        endpoint.echo.bytes = static_cast<std::uint32_t>(echo.quantity("bytes", size).value_or(32));
        endpoint.echo.text = echo.truth("text").value_or(true);
        echo.refuse_unknown();
    }
    if (endpoint.kind == Kind::http) return;
    for (const std::string_view key : kHttpOnly)
        if (keys.node(key)) keys.fault(key, "does not go together with a WebSocket");
}

void read_body_file(TomlTable& keys, Endpoint& endpoint, const Common& common) {
    const std::optional<std::string> name = keys.text("body-file");
    if (!name) return;
    Parsed<std::string> contents = file_contents((common.folder / *name).string(), common.body_bytes_left);
    if (!contents) return keys.fault("body-file", contents.why());
    endpoint.body = std::move(*contents);
}

void read_json(TomlTable& keys, Endpoint& endpoint) {
    const toml::node* node = keys.node("json");
    if (!node) return;
    Parsed<std::string> text = json_of(*node);
    if (!text) return keys.fault("json", text.why());
    endpoint.body = std::move(*text);
    const bool typed =
        std::any_of(endpoint.headers.begin(), endpoint.headers.end(),
                    [](const Header& header) { return same_name(header.name, "Content-Type"); });
    if (!typed) endpoint.headers.push_back({"Content-Type", "application/json"});
}

// True when the endpoint has one, an empty one included.
bool read_body(TomlTable& keys, Endpoint& endpoint, Common& common) {
    std::string_view given;
    for (const std::string_view key : {"body", "body-file", "body-bytes", "json"}) {
        if (!keys.node(key)) continue;
        if (!given.empty()) keys.fault(key, fmt::format("does not go together with {}", given));
        given = key;
    }
    if (std::optional<std::string> text = keys.text("body")) endpoint.body = std::move(*text);
    const auto size = [&common](std::string_view text) {
        return parse_size(text, 0, common.body_bytes_left);
    };
    if (const std::optional<std::uint64_t> count = keys.quantity("body-bytes", size))
        endpoint.body = generated_bytes(*count);
    read_body_file(keys, endpoint, common);
    read_json(keys, endpoint);
    common.body_bytes_left -= std::min<std::uint64_t>(common.body_bytes_left, endpoint.body.size());
    return !given.empty();
}

void read_method(TomlTable& keys, Endpoint& endpoint, bool has_body) {
    endpoint.method = has_body ? "POST" : "GET";
    std::optional<std::string> method = keys.text("method");
    if (!method) return;
    if (const Problem problem = check_method(*method)) return keys.fault("method", problem->why);
    endpoint.method = std::move(*method);
    // RFC 9110, 9.3.8: a client must not.
    if (has_body && endpoint.method == "TRACE") keys.fault("method", "TRACE has no body");
}

Parsed<std::uint64_t> pace(std::string_view text) {
    if (text.ends_with("/s")) text.remove_suffix(2);
    return parse_size(text, 1, kMostPace);
}

void read_headers_of(TomlTable& keys, Endpoint& endpoint, const Common& common, Faults& faults) {
    endpoint.headers = read_headers(keys, faults);
    std::vector<Header> inherited;
    for (const Header& header : common.headers) {
        const bool own = std::any_of(endpoint.headers.begin(), endpoint.headers.end(),
                                     [&](const Header& mine) { return same_name(mine.name, header.name); });
        if (!own) inherited.push_back(header);
    }
    endpoint.headers.insert(endpoint.headers.begin(), inherited.begin(), inherited.end());
}

void read_expect(TomlTable& keys, Endpoint& endpoint, Faults& faults) {
    const toml::table* table = keys.table("expect");
    if (!table) return;
    endpoint.expect = read_expectation(*table, faults);
    const Expectation& expect = endpoint.expect;
    if (endpoint.kind == Kind::websocket &&
        (!expect.statuses.empty() || !expect.body_contains.empty() || expect.body_bytes))
        keys.fault("expect", "of a WebSocket only within can be expected; its messages are checked anyway");
}

}  // namespace

Endpoint read_endpoint(const toml::table& table, Common& common, Faults& faults) {
    Endpoint endpoint;
    TomlTable keys(table, "[[endpoint]]", faults);
    read_name(keys, endpoint);
    if (std::optional<Address> address = read_address(keys, common)) {
        endpoint.kind = address->kind;
        endpoint.target = std::move(address->target);
    }
    read_echo(keys, endpoint, faults);
    read_headers_of(keys, endpoint, common, faults);
    const bool has_body = read_body(keys, endpoint, common);
    read_method(keys, endpoint, has_body);
    endpoint.weight = keys.number("weight", 0.001, kMostWeight).value_or(1);
    endpoint.chunked = keys.truth("chunked").value_or(false);
    if (endpoint.chunked && !has_body) keys.fault("chunked", "needs a body, body-file, body-bytes or json");
    endpoint.fresh_connection = keys.truth("fresh-connection").value_or(false);
    endpoint.first_byte = keys.truth("first-byte").value_or(false);
    endpoint.pace.send = keys.quantity("send-pace", pace).value_or(0);
    endpoint.pace.receive = keys.quantity("receive-pace", pace).value_or(0);
    read_expect(keys, endpoint, faults);
    keys.refuse_unknown();
    return endpoint;
}

}  // namespace loadgen::plan
