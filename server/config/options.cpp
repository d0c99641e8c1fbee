#include "server/config/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "server/config/access_format.hpp"
#include "server/config/address.hpp"
#include "server/config/applications.hpp"
#include "server/config/values.hpp"

namespace baton::config {

namespace {

constexpr std::uint64_t kKilo = 1ULL << 10;
constexpr std::uint64_t kMega = 1ULL << 20;
constexpr std::uint64_t kGiga = 1ULL << 30;
constexpr unsigned kMostThreads = 4096;

template <class T, class U>
Problem put(T& target, Parsed<U> value) {
    if (!value) return value.error();
    target = static_cast<T>(std::move(*value));
    return {};
}

Problem put_text(std::string& target, const std::string& value) {
    if (value.empty()) return "must not be empty";
    if (value.find('\0') != std::string::npos) return "must not hold a null character";
    target = value;
    return {};
}

template <class T, class E, std::size_t N>
Problem put_word(T& target, const std::array<std::pair<std::string_view, E>, N>& words,
                 const std::string& value) {
    std::string known;
    for (std::size_t i = 0; i < N; ++i) {
        if (words[i].first == value) {
            target = words[i].second;
            return {};
        }
        known += fmt::format("{}{}", i == 0 ? "" : i + 1 == N ? " or " : ", ", words[i].first);
    }
    return fmt::format("must be {}, not {}", known, in_quotes(value));
}

Problem put_binds(Config& c, const Values& values) {
    std::vector<BindAddress> addresses;
    for (const std::string& value : values) {
        Parsed<BindAddress> address = bind_address(value);
        if (!address) return address.error();
        addresses.push_back(std::move(*address));
    }
    if (addresses.empty()) return "needs at least one address";
    c.bind = std::move(addresses);
    return {};
}

Problem put_admin(Config& c, const Values& v) {
    if (v.front() == "off") {
        c.admin.reset();
        return {};
    }
    return put(c.admin, tcp_address(v.front()));
}

// Only what every template has in common; the routing room reads them.
Problem put_routes(Config& c, const Values& values) {
    for (const std::string& value : values) {
        const bool plain =
            std::all_of(value.begin(), value.end(), [](char x) { return x > ' ' && x < '\x7f'; });
        if (!value.starts_with('/') || !plain) {
            return fmt::format("must be a template such as /users/{{id}}, not {}", in_quotes(value));
        }
        if (std::count(value.begin(), value.end(), '{') != std::count(value.begin(), value.end(), '}')) {
            return fmt::format("has an unpaired brace in {}", in_quotes(value));
        }
    }
    c.routes = values;
    return {};
}

Problem put_threads(Config& c, const Values& v) {
    const std::string_view value = v.front();
    if (value == "auto") {
        c.python.threads = {};
        return {};
    }
    const std::size_t colon = std::min(value.find(':'), value.size());
    const Parsed<std::uint64_t> min = whole_number(value.substr(0, colon), 1, kMostThreads);
    const Parsed<std::uint64_t> max =
        colon == value.size() ? min : whole_number(value.substr(colon + 1), 1, kMostThreads);
    if (!min || !max) {
        return fmt::format("must be a whole number from 1 to {}, MIN:MAX such as 4:64, or auto, not {}",
                           kMostThreads, in_quotes(value));
    }
    if (*min > *max) return fmt::format("must have its smaller number first, not {}", in_quotes(value));
    c.python.threads = {static_cast<unsigned>(*min), static_cast<unsigned>(*max)};
    return {};
}

Problem put_mounts(Config& c, const Values& values) {
    std::vector<MountedApplication> mounts;
    for (const std::string& value : values) {
        Parsed<MountedApplication> mount = mounted_application(value);
        if (!mount) return mount.error();
        const auto same = [&](const MountedApplication& other) { return other.prefix == mount->prefix; };
        if (std::any_of(mounts.begin(), mounts.end(), same))
            return in_quotes(mount->prefix) + " is given twice";
        mounts.push_back(std::move(*mount));
    }
    c.python.mounts = std::move(mounts);
    return {};
}

Problem put_python_path(Config& c, const Values& values) {
    std::vector<std::string> path(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (Problem problem = put_text(path[i], values[i])) return problem;
    }
    c.python.path = std::move(path);
    return {};
}

Problem put_venv(Config& c, const Values& v) {
    if (v.front() == "off") {
        c.python.venv.clear();
        return {};
    }
    return put_text(c.python.venv, v.front());
}

Problem put_body_limit(Config& c, const Values& v) {
    if (v.front() == "off") {
        c.limits.body_bytes = std::numeric_limits<std::uint64_t>::max();
        return {};
    }
    return put(c.limits.body_bytes, size(v.front(), 1, kKilo * kGiga));
}

Problem put_access_log(Config& c, const Values& v) {
    const std::string& value = v.front();
    const bool is_format = value.find('{') != std::string::npos;
    c.access_log_format = is_format ? value : "";
    if (!is_format) {
        const std::array<std::pair<std::string_view, AccessLog>, 4> words{
            {{"common", AccessLog::common},
             {"json", AccessLog::json},
             {"off", AccessLog::off},
             {"a format with atoms such as {method}", AccessLog::format}}};
        return put_word(c.access_log, words, value);
    }
    c.access_log = AccessLog::format;
    if (value.find_first_of("\r\n") != std::string::npos) return "a format is one line";
    const Parsed<std::vector<FormatPiece>> pieces = access_format(value);
    return pieces ? Problem{} : pieces.error();
}

constexpr std::array<std::pair<std::string_view, Interface>, 3> kInterfaces{
    {{"auto", Interface::automatic}, {"wsgi", Interface::wsgi}, {"asgi", Interface::asgi}}};
constexpr std::array<std::pair<std::string_view, EventLoop>, 3> kLoops{
    {{"auto", EventLoop::automatic}, {"asyncio", EventLoop::asyncio}, {"uvloop", EventLoop::uvloop}}};
constexpr std::array<std::pair<std::string_view, Lifespan>, 3> kLifespans{
    {{"auto", Lifespan::automatic}, {"on", Lifespan::on}, {"off", Lifespan::off}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kSwitch{{{"on", true}, {"off", false}}};
constexpr std::array<std::pair<std::string_view, GilPolicy>, 2> kPolicies{
    {{"latency", GilPolicy::latency}, {"cpython", GilPolicy::cpython}}};
constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels{{{"debug", LogLevel::debug},
                                                                        {"info", LogLevel::info},
                                                                        {"warning", LogLevel::warning},
                                                                        {"error", LogLevel::error}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kTlsVersions{
    {{"1.2", "1.2"}, {"1.3", "1.3"}}};

constexpr std::string_view kNetwork = "Addresses", kPython = "Python", kAsgi = "Event loop (ASGI)",
                           kTls = "TLS", kLimits = "Limits", kTimeouts = "Timeouts (off: no limit)",
                           kLogs = "Logs and observation", kSources = "Configuration";

using V = Values;

// clang-format off
constexpr std::array kOptions{
    Option{"bind", "ADDRESS", "127.0.0.1:8000",
           "Listen here: HOST:PORT, [IPV6]:PORT, :PORT (all IPv4 addresses), unix:PATH, or fd://N for an inherited socket",
           kNetwork, Kind::list, put_binds},
    Option{"admin", "HOST:PORT|off", "127.0.0.1:9180", "Metrics, health and status",
           kNetwork, Kind::single, put_admin},
    Option{"io-threads", "N", "1", "Threads that accept, parse and send",
           kNetwork, Kind::single, [](Config& c, const V& v) { return put(c.io_threads, whole_number(v[0], 1, 256)); }},

    Option{"interface", "auto|wsgi|asgi", "auto", "How applications are called; auto finds it out by inspection, of each",
           kPython, Kind::single, [](Config& c, const V& v) { return put_word(c.python.interface, kInterfaces, v[0]); }},
    Option{"factory", "", "off", "The callable makes the application: call it once, without arguments",
           kPython, Kind::flag, [](Config& c, const V& v) { return put(c.python.factory, truth(v[0])); }},
    Option{"mount", "PREFIX=MODULE:CALLABLE", "",
           "Another application, for the paths below this prefix, such as /api=mysite.api:app; also MODULE:FACTORY()",
           kPython, Kind::list, put_mounts},
    Option{"threads", "N|MIN:MAX|auto", "auto",
           "Interpreter threads. MIN:MAX: as many as are of use, between these two: more while requests wait for a "
           "thread and the GIL has room, fewer when they are idle. auto: the same, 2 to 512, or less where CPU or "
           "memory are limited",
           kPython, Kind::single, put_threads},
    Option{"gil-policy", "latency|cpython", "latency",
           "Who gets the GIL next. latency: requests that have used little of it go first, and ask for it soon; "
           "cpython: whoever wakes first, as CPython does it",
           kPython, Kind::single, [](Config& c, const V& v) { return put_word(c.python.gil_policy, kPolicies, v[0]); }},
    Option{"switch-interval", "SECONDS", "(CPython's own, 0.005)",
           "How long a thread may keep the GIL after another asked for it",
           kPython, Kind::single,
           [](Config& c, const V& v) { return put(c.python.switch_interval, switch_interval(v[0])); }},
    Option{"chdir", "DIR", "(where Baton was started)", "Change to this directory before the application is loaded",
           kPython, Kind::single, [](Config& c, const V& v) { return put_text(c.python.chdir, v[0]); }},
    Option{"python-path", "PATH", "", "Put in front of sys.path, after the working directory",
           kPython, Kind::list, put_python_path},
    Option{"venv", "DIR|off", "($VIRTUAL_ENV)", "Root of the virtual environment to use",
           kPython, Kind::single, put_venv},

    Option{"loop", "auto|asyncio|uvloop", "auto", "The event loop; auto: uvloop when it is installed",
           kAsgi, Kind::single, [](Config& c, const V& v) { return put_word(c.python.event_loop, kLoops, v[0]); }},
    Option{"lifespan", "auto|on|off", "auto",
           "Tell applications when the server starts and ends; auto: those that know the protocol; on: they must",
           kAsgi, Kind::single, [](Config& c, const V& v) { return put_word(c.python.lifespan, kLifespans, v[0]); }},
    Option{"log-slow-callbacks", "TIME|off", "100ms",
           "Log each callback that keeps the event loop for this long, with its request, file and line",
           kAsgi, Kind::single, [](Config& c, const V& v) { return put(c.python.slow_callbacks, duration(v[0])); }},
    Option{"ws-max-message-bytes", "SIZE", "16M", "A WebSocket message; larger ones close the connection with 1009",
           kAsgi, Kind::single,
           [](Config& c, const V& v) { return put(c.web_socket.max_message_bytes, size(v[0], 1, kGiga)); }},
    Option{"ws-ping-interval", "TIME|off", "20s", "How often to ping WebSocket clients",
           kAsgi, Kind::single, [](Config& c, const V& v) { return put(c.web_socket.ping_interval, duration(v[0])); }},
    Option{"ws-ping-timeout", "TIME|off", "20s", "How long they may take to answer; then the connection is closed",
           kAsgi, Kind::single, [](Config& c, const V& v) { return put(c.web_socket.ping_timeout, duration(v[0])); }},
    Option{"ws-compression", "on|off", "on", "Compress WebSocket messages for clients that can (permessage-deflate)",
           kAsgi, Kind::single, [](Config& c, const V& v) { return put_word(c.web_socket.compression, kSwitch, v[0]); }},

    Option{"tls-cert", "FILE", "", "Certificate chain, PEM; every TCP address then speaks TLS",
           kTls, Kind::single, [](Config& c, const V& v) { return put_text(c.tls.certificate, v[0]); }},
    Option{"tls-key", "FILE", "", "Private key, PEM",
           kTls, Kind::single, [](Config& c, const V& v) { return put_text(c.tls.key, v[0]); }},
    Option{"tls-ca", "FILE", "", "Ask clients for certificates and accept those signed by these, PEM",
           kTls, Kind::single, [](Config& c, const V& v) { return put_text(c.tls.client_ca, v[0]); }},
    Option{"tls-min-version", "1.2|1.3", "1.2", "Oldest TLS version to speak",
           kTls, Kind::single, [](Config& c, const V& v) { return put_word(c.tls.min_version, kTlsVersions, v[0]); }},

    Option{"max-header-bytes", "SIZE", "64k", "Request line and header fields together; more is answered 431",
           kLimits, Kind::single,
           [](Config& c, const V& v) { return put(c.limits.header_bytes, size(v[0], kKilo, 16 * kMega)); }},
    Option{"max-target-bytes", "SIZE", "16k", "Request target; more is answered 414",
           kLimits, Kind::single,
           [](Config& c, const V& v) { return put(c.limits.target_bytes, size(v[0], 64, 16 * kMega)); }},
    Option{"max-header-fields", "N", "200", "Header fields of a request; more is answered 431",
           kLimits, Kind::single,
           [](Config& c, const V& v) { return put(c.limits.header_fields, whole_number(v[0], 1, 100'000)); }},
    Option{"max-body-bytes", "SIZE|off", "1G", "Request body; more is answered 413",
           kLimits, Kind::single, put_body_limit},
    Option{"body-buffer-bytes", "SIZE", "256k",
           "Request bodies up to this size are complete before an interpreter thread is taken; larger ones are streamed",
           kLimits, Kind::single,
           [](Config& c, const V& v) { return put(c.limits.body_buffer_bytes, size(v[0], 4 * kKilo, kGiga)); }},
    Option{"max-connections", "N", "10000", "Open connections",
           kLimits, Kind::single,
           [](Config& c, const V& v) { return put(c.limits.connections, whole_number(v[0], 1, 10'000'000)); }},
    Option{"queue-limit", "N", "1024", "Requests that wait for an interpreter thread, or for the event loop; more are answered 503",
           kLimits, Kind::single,
           [](Config& c, const V& v) { return put(c.limits.queue, whole_number(v[0], 1, 60'000)); }},

    Option{"header-timeout", "TIME", "10s", "First byte of a request to the end of its head, and TLS handshakes; then 408",
           kTimeouts, Kind::single, [](Config& c, const V& v) { return put(c.timeouts.header, duration(v[0])); }},
    Option{"body-timeout", "TIME", "30s", "Between two reads of a request body; then 408",
           kTimeouts, Kind::single, [](Config& c, const V& v) { return put(c.timeouts.body, duration(v[0])); }},
    Option{"send-timeout", "TIME", "30s", "Between two writes that the client takes; then the connection is closed",
           kTimeouts, Kind::single, [](Config& c, const V& v) { return put(c.timeouts.send, duration(v[0])); }},
    Option{"keep-alive", "TIME", "75s", "How long a connection may idle between requests",
           kTimeouts, Kind::single, [](Config& c, const V& v) { return put(c.timeouts.keep_alive, duration(v[0])); }},
    Option{"queue-timeout", "TIME", "10s", "Waiting for an interpreter thread or the event loop; then 503",
           kTimeouts, Kind::single, [](Config& c, const V& v) { return put(c.timeouts.queue, duration(v[0])); }},
    Option{"request-timeout", "TIME", "off", "Head complete to the end of the response; then 504, or the connection is closed",
           kTimeouts, Kind::single, [](Config& c, const V& v) { return put(c.timeouts.request, duration(v[0])); }},
    Option{"drain-timeout", "TIME", "30s", "How long requests in flight may take after SIGTERM or SIGINT",
           kTimeouts, Kind::single, [](Config& c, const V& v) { return put(c.timeouts.drain, duration(v[0])); }},

    Option{"route", "TEMPLATE", "(numbers, UUIDs and hashes in paths become {id})",
           "Count requests whose path matches under this name, such as /users/{id}",
           kLogs, Kind::list, put_routes},
    Option{"server-timing", "", "off", "Add a Server-Timing field with the request's phases to responses",
           kLogs, Kind::flag, [](Config& c, const V& v) { return put(c.server_timing, truth(v[0])); }},
    Option{"access-log", "common|json|off|FORMAT", "off",
           "One line for each request on standard output; FORMAT is text with atoms such as {method} (see the list of atoms)",
           kLogs, Kind::single, put_access_log},
    Option{"log-long-holds", "TIME|off", "off",
           "Log each hold of the GIL that lasts this long, with the route and the Python stack at its end",
           kLogs, Kind::single, [](Config& c, const V& v) { return put(c.long_holds, duration(v[0])); }},
    Option{"log-level", "debug|info|warning|error", "info", "Least important level that is logged on standard error",
           kLogs, Kind::single, [](Config& c, const V& v) { return put_word(c.log_level, kLevels, v[0]); }},

    Option{kConfigOption, "FILE", "", "Read options from this TOML file; flags and environment win over it",
           kSources, Kind::single, [](Config&, const V&) { return Problem{}; }},
};
// clang-format on

}  // namespace

std::span<const Option> options() {
    return kOptions;
}

const Option* find_option(std::string_view name) {
    const auto* const found =
        std::find_if(kOptions.begin(), kOptions.end(), [&](const Option& o) { return o.name == name; });
    return found == kOptions.end() ? nullptr : found;
}

std::string environment_name(const Option& option) {
    std::string result = "BATON_";
    for (const char c : option.name) result += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    return result;
}

}  // namespace baton::config
