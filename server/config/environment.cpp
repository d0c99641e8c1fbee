#include <fmt/format.h>

#include "server/config/sources.hpp"
#include "server/config/values.hpp"

namespace baton::config {

namespace {

constexpr std::string_view kPrefix = "BATON_";
// What the bundled handlers read for themselves is no option of the server.
constexpr std::string_view kHandlersPrefix = "BATON_LAB_";

Values split_at_commas(std::string_view text) {
    Values parts;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        const std::string_view part = trimmed(text.substr(from, comma - from));
        if (!part.empty()) parts.emplace_back(part);
        from = comma + 1;
    }
    return parts;
}

const Option* named(std::string_view variable) {
    for (const Option& option : options()) {
        if (environment_name(option) == variable) return &option;
    }
    return nullptr;
}

}  // namespace

Environment environment(const char* const* variables) {
    Environment result;
    for (; variables && *variables; ++variables) {
        const std::string_view entry = *variables;
        const std::size_t equals = entry.find('=');
        if (equals != std::string_view::npos)
            result.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return result;
}

FromEnvironment from_environment(const Environment& environment) {
    FromEnvironment result;
    for (auto at = environment.lower_bound(kPrefix);
         at != environment.end() && at->first.starts_with(kPrefix); ++at) {
        if (at->first.starts_with(kHandlersPrefix)) continue;
        const Option* option = named(at->first);
        if (!option) {
            result.warnings.push_back(fmt::format("{}: there is no such option, ignored", at->first));
        } else if (!trimmed(at->second).empty()) {
            Values values = option->kind == Kind::list ? split_at_commas(at->second) : Values{at->second};
            result.given.push_back({option, std::move(values), at->first});
        }
    }
    return result;
}

}  // namespace baton::config
