#include "loadgen/plan/scenario.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "loadgen/plan/body.hpp"
#include "loadgen/plan/endpoint_reader.hpp"
#include "loadgen/plan/names.hpp"
#include "loadgen/plan/quantity.hpp"
#include "loadgen/plan/threshold.hpp"
#include "loadgen/plan/toml_table.hpp"

namespace loadgen::plan {

namespace {

constexpr std::uint64_t kLongestFile = 4 << 20;
constexpr std::size_t kMostThresholds = 100;

Parsed<Arrival> parse_arrival(std::string_view text) {
    if (text == "uniform") return Arrival::uniform;
    if (text == "poisson") return Arrival::poisson;
    return Fault{fmt::format("must be \"uniform\" or \"poisson\", not {}", in_quotes(text))};
}

void read_thresholds(TomlTable& keys, WishedLoad& load, Faults& faults) {
    const toml::array* array = keys.array("thresholds");
    if (!array) return;
    if (array->size() > kMostThresholds)
        return keys.fault("thresholds", fmt::format("there are more than {}", kMostThresholds));
    for (const toml::node& element : *array) {
        const auto* text = element.as_string();
        if (!text) return faults.add(element.source(), "thresholds: must be strings such as \"p99<50ms\"");
        Parsed<Threshold> threshold = parse_threshold(text->get());
        if (!threshold) return faults.add(element.source(), threshold.why());
        threshold->where = faults.place(element.source());
        load.thresholds.push_back(std::move(*threshold));
    }
}

WishedLoad read_load(const toml::table& table, Faults& faults) {
    const auto time = [](std::string_view text) {
        return parse_duration(text, std::chrono::milliseconds(1));
    };
    const auto any_time = [](std::string_view text) { return parse_duration(text, Nanoseconds(0)); };
    const auto rate = [](std::string_view text) { return parse_rate(text); };
    WishedLoad load;
    TomlTable keys(table, "[load]", faults);
    load.rate = keys.quantity("rate", rate);
    load.connections = keys.whole("connections", 1, kMostConnections);
    load.duration = keys.quantity("duration", time);
    load.warm_up = keys.quantity("warm-up", any_time);
    load.timeout = keys.quantity("timeout", time);
    load.arrival = keys.quantity("arrival", parse_arrival);
    load.ramp = keys.quantity("ramp", parse_ramp);
    load.step = keys.quantity("step", parse_step);
    const auto place = [&](const char* key) {
        const toml::node* node = keys.node(key);
        return node ? faults.place(node->source()) : std::string();
    };
    load.arrival_at = place("arrival");
    load.ramp_at = place("ramp");
    load.step_at = place("step");
    load.threads = keys.whole("threads", 1, kMostThreads);
    load.seed = keys.whole("seed", 0, kMostSeed);
    read_thresholds(keys, load, faults);
    if (load.ramp && load.step) keys.fault("step", "does not go together with ramp");
    keys.refuse_unknown();
    return load;
}

std::optional<Address> read_base(TomlTable& keys) {
    std::optional<Address> base = keys.quantity("base", parse_url);
    if (base && base->target.path.find('?') != std::string::npos) keys.fault("base", "must not have a query");
    return base;
}

void refuse_same_names(const toml::array& tables, const std::vector<Endpoint>& endpoints, Faults& faults) {
    std::map<std::string_view, toml::source_index> lines;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        if (endpoints[i].name.empty()) continue;
        const toml::node& node = *tables[i].as_table()->get("name");
        const auto [at, fresh] = lines.emplace(endpoints[i].name, node.source().begin.line);
        if (!fresh) {
            faults.add(node.source(), fmt::format("name: {} is the name of the endpoint in line {} already",
                                                  in_quotes(endpoints[i].name), at->second));
        }
    }
}

std::vector<Endpoint> read_endpoints(TomlTable& keys, Common& common, Faults& faults) {
    std::vector<Endpoint> endpoints;
    const toml::array* tables = keys.array("endpoint");
    if (!tables) return endpoints;
    if (tables->size() > kMostEndpoints) {
        faults.add((*tables)[kMostEndpoints].source(),
                   fmt::format("there are more than {} endpoints", kMostEndpoints));
        return endpoints;
    }
    for (const toml::node& node : *tables) {
        const toml::table* table = node.as_table();
        if (!table) {
            faults.add(node.source(), "endpoint: must be tables, each under [[endpoint]]");
            return endpoints;
        }
        endpoints.push_back(read_endpoint(*table, common, faults));
    }
    refuse_same_names(*tables, endpoints, faults);
    return endpoints;
}

Parsed<Scenario> read(const toml::table& root, const std::string& path) {
    Faults faults(path);
    Scenario scenario;
    TomlTable keys(root, "a scenario", faults);
    Common common;
    common.base = read_base(keys);
    common.headers = read_headers(keys, faults);
    common.folder = std::filesystem::path(path).parent_path();
    common.body_bytes_left = kMostBody;
    if (const toml::table* load = keys.table("load")) scenario.load = read_load(*load, faults);
    scenario.endpoints = read_endpoints(keys, common, faults);
    keys.refuse_unknown();
    if (faults.first()) return *faults.first();
    if (scenario.endpoints.empty()) return Fault{fmt::format("{}: there is no [[endpoint]]", path)};
    name_endpoints(scenario.endpoints);
    return scenario;
}

}  // namespace

Parsed<Scenario> parse_scenario(std::string_view text, const std::string& path) {
    try {
        return read(toml::parse(text, path), path);
    } catch (const toml::parse_error& error) {
        std::string what(error.description());
        std::replace(what.begin(), what.end(), '\n', ' ');
        const toml::source_position& at = error.source().begin;
        return Fault{fmt::format("{}:{}:{}: {}", path, at.line, at.column, what)};
    }
}

Parsed<Scenario> read_scenario(const std::string& path) {
    const Parsed<std::string> text = file_contents(path, kLongestFile);
    if (!text) return text.fault();
    return parse_scenario(*text, path);
}

}  // namespace loadgen::plan
