#include "server/admin/config_json.hpp"

#include <boost/json.hpp>
#include <limits>

namespace baton::admin {

namespace {

namespace json = boost::json;

json::value seconds(std::chrono::milliseconds time) {
    if (time.count() == 0) return nullptr;
    return static_cast<double>(time.count()) / 1000.0;
}

json::value text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return json::value(text);
}

json::array texts(const std::vector<std::string>& values) {
    return json::array(values.begin(), values.end());
}

json::object tls(const config::Tls& tls) {
    return {{"certificate", text_or_null(tls.certificate)},
            {"key", text_or_null(tls.key)},
            {"client_ca", text_or_null(tls.client_ca)},
            {"min_version", tls.min_version}};
}

json::object limits(const config::Limits& limits) {
    json::value body = limits.body_bytes;
    if (limits.body_bytes == std::numeric_limits<std::uint64_t>::max()) body = nullptr;
    return {{"header_bytes", limits.header_bytes},
            {"target_bytes", limits.target_bytes},
            {"header_fields", limits.header_fields},
            {"body_bytes", body},
            {"body_buffer_bytes", limits.body_buffer_bytes},
            {"connections", limits.connections},
            {"queue", limits.queue}};
}

json::object timeouts(const config::Timeouts& timeouts) {
    return {{"header", seconds(timeouts.header)}, {"body", seconds(timeouts.body)},
            {"send", seconds(timeouts.send)},     {"keep_alive", seconds(timeouts.keep_alive)},
            {"queue", seconds(timeouts.queue)},   {"request", seconds(timeouts.request)},
            {"drain", seconds(timeouts.drain)}};
}

json::object web_socket(const config::WebSocket& web_socket) {
    return {{"max_message_bytes", web_socket.max_message_bytes},
            {"ping_interval_seconds", seconds(web_socket.ping_interval)},
            {"ping_timeout_seconds", seconds(web_socket.ping_timeout)},
            {"compression", web_socket.compression}};
}

const char* word(config::Interface interface) {
    switch (interface) {
        case config::Interface::wsgi:
            return "wsgi";
        case config::Interface::asgi:
            return "asgi";
        case config::Interface::automatic:
            break;
    }
    return "auto";
}

const char* word(config::EventLoop loop) {
    switch (loop) {
        case config::EventLoop::asyncio:
            return "asyncio";
        case config::EventLoop::uvloop:
            return "uvloop";
        case config::EventLoop::automatic:
            break;
    }
    return "auto";
}

const char* word(config::Lifespan lifespan) {
    switch (lifespan) {
        case config::Lifespan::on:
            return "on";
        case config::Lifespan::off:
            return "off";
        case config::Lifespan::automatic:
            break;
    }
    return "auto";
}

json::array mounts(const std::vector<config::MountedApplication>& mounts) {
    json::array result;
    for (const config::MountedApplication& mount : mounts)
        result.push_back(
            {{"prefix", mount.prefix}, {"application", mount.application}, {"factory", mount.factory}});
    return result;
}

json::object python(const config::Python& python) {
    json::value interval = nullptr;
    if (python.switch_interval) interval = *python.switch_interval;
    return {{"application", python.application},
            {"factory", python.factory},
            {"mounts", mounts(python.mounts)},
            {"interface", word(python.interface)},
            {"loop", word(python.event_loop)},
            {"lifespan", word(python.lifespan)},
            {"log_slow_callbacks_seconds", seconds(python.slow_callbacks)},
            {"chdir", text_or_null(python.chdir)},
            {"path", texts(python.path)},
            {"venv", text_or_null(python.venv)},
            {"switch_interval", interval},
            {"gil_policy", python.gil_policy == config::GilPolicy::latency ? "latency" : "cpython"},
            {"threads", {{"min", python.threads.min}, {"max", python.threads.max}}}};
}

}  // namespace

std::string config_json(const config::Config& config, const Versions& versions) {
    json::object made_of;
    for (const auto& [name, version] : versions) made_of[name] = version;
    json::array bind;
    for (const config::BindAddress& address : config.bind) bind.emplace_back(config::to_string(address));
    json::value admin = nullptr;
    if (config.admin) admin = json::value(config::to_string(*config.admin));
    return json::serialize(json::object{{"versions", std::move(made_of)},
                                        {"bind", std::move(bind)},
                                        {"admin", std::move(admin)},
                                        {"io_threads", config.io_threads},
                                        {"routes", texts(config.routes)},
                                        {"server_timing", config.server_timing},
                                        {"log_long_holds_seconds", seconds(config.long_holds)},
                                        {"tls", tls(config.tls)},
                                        {"limits", limits(config.limits)},
                                        {"timeouts_seconds", timeouts(config.timeouts)},
                                        {"web_socket", web_socket(config.web_socket)},
                                        {"python", python(config.python)}});
}

}  // namespace baton::admin
