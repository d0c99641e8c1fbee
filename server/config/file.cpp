#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "server/config/sources.hpp"
#include "server/config/values.hpp"

namespace baton::config {

namespace {

std::string position(const std::string& path, const toml::source_region& region) {
    return fmt::format("{}:{}:{}", path, region.begin.line, region.begin.column);
}

// A value as the text that a flag would have; nothing for dates and tables.
std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
    if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
    return std::nullopt;
}

std::string_view wanted(const Option& option) {
    switch (option.kind) {
        case Kind::flag:
            return "must be true or false, without quotes";
        case Kind::list:
            return "must be an array of strings";
        case Kind::single:
            return "must be a string or a number";
    }
    return "";
}

std::optional<Values> values_of(const Option& option, const toml::node& node) {
    Values values;
    if (const auto* array = node.as_array(); array && option.kind == Kind::list) {
        for (const toml::node& element : *array) {
            if (!element.is_string()) return std::nullopt;
            values.push_back(*text_of(element));
        }
        return values;
    }
    std::optional<std::string> text = text_of(node);
    if (!text || node.is_boolean() != (option.kind == Kind::flag)) return std::nullopt;
    if (option.kind == Kind::list && !node.is_string()) return std::nullopt;
    values.push_back(std::move(*text));
    return values;
}

Parsed<Given> given(const std::string& path, const toml::key& key, const toml::node& node) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    const Option* option = find_option(name);
    if (!option) {
        return Error{
            fmt::format("{}: there is no option {}", position(path, key.source()), in_quotes(key.str()))};
    }
    const std::string origin = fmt::format("{}: {}", position(path, node.source()), key.str());
    if (name == kConfigOption) return Error{origin + ": a configuration file cannot name another"};
    std::optional<Values> values = values_of(*option, node);
    if (!values) return Error{fmt::format("{}: {}", origin, wanted(*option))};
    return Given{option, std::move(*values), origin};
}

Parsed<std::vector<Given>> rows(const std::string& path, const toml::table& table) {
    // A table is sorted by name, but mistakes are reported from the top of the file.
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    for (auto&& [key, node] : table) entries.emplace_back(&key, &node);
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.first->source().begin < b.first->source().begin; });

    std::vector<Given> result;
    std::set<const Option*> seen;
    for (const auto& [key, node] : entries) {
        Parsed<Given> row = given(path, *key, *node);
        if (!row) return Error{row.error()};
        if (!seen.insert(row->option).second) return Error{fmt::format("{}: given twice", row->origin)};
        result.push_back(std::move(*row));
    }
    return result;
}

Parsed<std::string> contents(const std::string& path, const std::string& origin) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    // Reading from a directory opens well and fails then.
    if (!file || (file.peek() != std::ifstream::traits_type::eof() && !(text << file.rdbuf())) ||
        file.bad()) {
        return Error{fmt::format("{}: cannot read {}: {}", origin, in_quotes(path), std::strerror(errno))};
    }
    return text.str();
}

}  // namespace

Parsed<std::vector<Given>> from_file(const std::string& path, const std::string& origin) {
    const Parsed<std::string> text = contents(path, origin);
    if (!text) return Error{text.error()};
    try {
        return rows(path, toml::parse(*text, path));
    } catch (const toml::parse_error& error) {
        std::string what(error.description());
        std::replace(what.begin(), what.end(), '\n', ' ');
        return Error{fmt::format("{}: {}", position(path, error.source()), what)};
    }
}

}  // namespace baton::config
