#include "loadgen/plan/toml_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace loadgen::plan {

namespace {

bool earlier(const toml::source_position& one, const toml::source_position& other) {
    return one.line != other.line ? one.line < other.line : one.column < other.column;
}

std::string joined(const std::set<std::string, std::less<>>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace

std::string Faults::place(const toml::source_region& where) const {
    return fmt::format("{}:{}:{}", path_, where.begin.line, where.begin.column);
}

void Faults::add(const toml::source_region& where, std::string_view what) {
    if (first_ && !earlier(where.begin, position_)) return;
    position_ = where.begin;
    first_ = Fault{fmt::format("{}: {}", place(where), what)};
}

TomlTable::TomlTable(const toml::table& table, std::string what, Faults& faults)
    : table_(table), what_(std::move(what)), faults_(faults) {
    for (auto&& [key, node] : table) {
        std::string name(key.str());
        std::replace(name.begin(), name.end(), '_', '-');
        const auto [at, fresh] = entries_.emplace(name, Entry{&key, &node});
        if (!fresh) faults_.add(key.source(), fmt::format("{} is given twice", in_quotes(name)));
    }
}

const toml::node* TomlTable::node(std::string_view key) {
    known_.emplace(key);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return nullptr;
    at->second.asked = true;
    return at->second.node;
}

std::optional<std::string> TomlTable::text(std::string_view key) {
    const toml::node* found = node(key);
    if (!found) return std::nullopt;
    if (const auto* value = found->as_string()) return value->get();
    fault(key, "must be a string");
    return std::nullopt;
}

std::optional<bool> TomlTable::truth(std::string_view key) {
    const toml::node* found = node(key);
    if (!found) return std::nullopt;
    if (const auto* value = found->as_boolean()) return value->get();
    fault(key, "must be true or false, without quotes");
    return std::nullopt;
}

std::optional<std::uint64_t> TomlTable::whole(std::string_view key, std::uint64_t least, std::uint64_t most) {
    const toml::node* found = node(key);
    if (!found) return std::nullopt;
    const auto* value = found->as_integer();
    if (value && value->get() >= 0) {
        const auto size = static_cast<std::uint64_t>(value->get());
        if (size >= least && size <= most) return size;
    }
    fault(key, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
}

std::optional<double> TomlTable::number(std::string_view key, double least, double most) {
    const toml::node* found = node(key);
    if (!found) return std::nullopt;
    const std::optional<double> value = found->is_number() ? found->value<double>() : std::nullopt;
    if (value && *value >= least && *value <= most) return value;
    fault(key, fmt::format("must be a number from {:g} to {:g}", least, most));
    return std::nullopt;
}

const toml::table* TomlTable::table(std::string_view key) {
    const toml::node* found = node(key);
    if (!found || found->is_table()) return found ? found->as_table() : nullptr;
    fault(key, "must be a table");
    return nullptr;
}

const toml::array* TomlTable::array(std::string_view key) {
    const toml::node* found = node(key);
    if (!found || found->is_array()) return found ? found->as_array() : nullptr;
    // A pair of brackets too few is what one forgets.
    const toml::table* section = found->as_table();
    fault(key, section && !section->is_inline()
                   ? fmt::format("must be an array; write [[{0}]], not [{0}]", key)
                   : "must be an array");
    return nullptr;
}

std::optional<std::string> TomlTable::scalar(std::string_view key) {
    const toml::node* found = node(key);
    if (!found) return std::nullopt;
    if (const auto* value = found->as_string()) return value->get();
    if (const auto* value = found->as_integer()) return std::to_string(value->get());
    if (const auto* value = found->as_floating_point()) return fmt::format("{}", value->get());
    fault(key, "must be a string or a number");
    return std::nullopt;
}

void TomlTable::fault(std::string_view key, std::string_view what) {
    const auto at = entries_.find(key);
    const toml::source_region& where = at == entries_.end() ? table_.source() : at->second.node->source();
    faults_.add(where, fmt::format("{}: {}", key, what));
}

void TomlTable::fault(std::string_view what) {
    faults_.add(table_.source(), fmt::format("{}: {}", what_, what));
}

void TomlTable::refuse_unknown() {
    for (const auto& [name, entry] : entries_) {
        if (entry.asked) continue;
        faults_.add(entry.key->source(), fmt::format("there is no key {} in {}; there are: {}",
                                                     in_quotes(entry.key->str()), what_, joined(known_)));
    }
}

}  // namespace loadgen::plan
