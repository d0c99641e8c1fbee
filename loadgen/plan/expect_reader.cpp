#include "loadgen/plan/expect_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "loadgen/plan/quantity.hpp"

namespace loadgen::plan {

namespace {

constexpr std::size_t kLongestText = 64 * 1024;
constexpr std::size_t kMostStatuses = 100;
constexpr std::uint64_t kMostBytes = 1ULL << 40;

// RFC 9110, 15: three digits; clients take what is above 599 for a server's error, and none is defined there.
std::optional<int> status(std::string_view text) {
    int code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (text.size() != 3 || error != std::errc{} || end != text.data() + 3 || code < 100 || code > 599)
        return std::nullopt;
    return code;
}

void add_status(const toml::node& node, Expectation& expect, Faults& faults) {
    const auto* number = node.as_integer();
    const auto* text = node.as_string();
    if (!number && !text)
        return faults.add(node.source(),
                          "status: must be a number, a string such as \"2xx\", or an array of them");
    const Parsed<std::pair<int, int>> range =
        parse_statuses(number ? std::to_string(number->get()) : text->get());
    if (!range) return faults.add(node.source(), "status: " + range.why());
    expect.statuses.push_back(*range);
}

void read_statuses(TomlTable& table, Expectation& expect, Faults& faults) {
    const toml::node* node = table.node("status");
    if (!node) return;
    const toml::array* array = node->as_array();
    if (!array) return add_status(*node, expect, faults);
    if (array->empty() || array->size() > kMostStatuses)
        return table.fault("status", fmt::format("must have 1 to {} elements", kMostStatuses));
    for (const toml::node& element : *array) add_status(element, expect, faults);
}

}  // namespace

Parsed<std::pair<int, int>> parse_statuses(std::string_view text) {
    if (text.size() == 3 && text[0] >= '1' && text[0] <= '5' && text.substr(1) == "xx") {
        const int hundred = (text[0] - '0') * 100;
        return std::pair(hundred, hundred + 99);
    }
    const std::size_t dash = text.find('-');
    const std::optional<int> first = status(text.substr(0, dash));
    const std::optional<int> last = dash == std::string_view::npos ? first : status(text.substr(dash + 1));
    if (!first || !last || *first > *last)
        return Fault{fmt::format("must be 100 to 599, \"2xx\" or \"200-299\", not {}", in_quotes(text))};
    return std::pair(*first, *last);
}

Expectation read_expectation(const toml::table& table, Faults& faults) {
    Expectation expect;
    TomlTable keys(table, "expect", faults);
    read_statuses(keys, expect, faults);
    if (std::optional<std::string> text = keys.text("body-contains")) {
        if (text->empty() || text->size() > kLongestText)
            keys.fault("body-contains", fmt::format("must have 1 to {} bytes", kLongestText));
        expect.body_contains = std::move(*text);
    }
    expect.body_bytes =
        keys.quantity("body-bytes", [](std::string_view text) { return parse_size(text, 0, kMostBytes); });
    expect.within = keys.quantity("within", [](std::string_view text) { return parse_duration(text); });
    keys.refuse_unknown();
    return expect;
}

}  // namespace loadgen::plan
