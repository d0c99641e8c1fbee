#include <fmt/format.h>

#include <utility>

#include "loadgen/plan/endpoint_reader.hpp"
#include "loadgen/plan/fields.hpp"

namespace loadgen::plan {

namespace {

void add(std::string name, const toml::node& node, std::vector<Header>& headers, Faults& faults) {
    const auto* value = node.as_string();
    if (!value)
        return faults.add(node.source(), fmt::format("headers: the value of {} must be a string", name));
    Header header{std::move(name), value->get()};
    if (const Problem problem = check_header(header)) return faults.add(node.source(), problem->why);
    headers.push_back(std::move(header));
}

// TOML keeps the keys of a table in alphabetical order; that of equal names is kept.
void add_table(const toml::table& table, std::vector<Header>& headers, Faults& faults) {
    for (auto&& [key, node] : table) {
        if (const toml::array* values = node.as_array()) {
            for (const toml::node& value : *values) add(std::string(key.str()), value, headers, faults);
        } else {
            add(std::string(key.str()), node, headers, faults);
        }
    }
}

void add_array(const toml::array& array, std::vector<Header>& headers, Faults& faults) {
    for (const toml::node& element : array) {
        const toml::table* table = element.as_table();
        if (!table) return faults.add(element.source(), "headers: must be tables with name and value");
        TomlTable header(*table, "headers", faults);
        const std::optional<std::string> name = header.text("name");
        const toml::node* value = header.node("value");
        if (name && value) {
            add(*name, *value, headers, faults);
        } else {
            header.fault("each needs a name and a value");
        }
        header.refuse_unknown();
    }
}

}  // namespace

std::vector<Header> read_headers(TomlTable& table, Faults& faults) {
    std::vector<Header> headers;
    const toml::node* node = table.node("headers");
    if (!node) return headers;
    if (const toml::table* fields = node->as_table()) {
        add_table(*fields, headers, faults);
    } else if (const toml::array* list = node->as_array()) {
        add_array(*list, headers, faults);
    } else {
        table.fault("headers", "must be a table, or an array of tables with name and value");
    }
    if (const Problem problem = check_headers(headers)) table.fault("headers", problem->why);
    return headers;
}

}  // namespace loadgen::plan
