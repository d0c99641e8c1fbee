#include "server/config/applications.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "server/config/values.hpp"

namespace baton::config {

namespace {

// Names with dots between them. Bytes above 127 may be letters: PEP 3131.
bool is_dotted_name(std::string_view text) {
    bool at_start = true;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
        const bool digit = c >= '0' && c <= '9';
        if (!(letter || (!at_start && (digit || c == '.')))) return false;
        at_start = c == '.';
    }
    return !at_start;
}

// The module that `text` means, or may mean if it is a file's name; else an example.
std::string module_meant(std::string_view text) {
    if (text.starts_with("./")) text.remove_prefix(2);
    if (text.ends_with(".py")) text.remove_suffix(3);
    std::string module(text);
    std::replace(module.begin(), module.end(), '/', '.');
    return is_dotted_name(module) ? module : "mysite.wsgi";
}

// Of a path as applications see it, without escapes: what can never be the beginning of one is a mistake.
Problem check_prefix(std::string_view prefix) {
    const std::string shown = in_quotes(prefix);
    if (prefix.empty() || prefix.front() != '/')
        return fmt::format("a prefix begins with a slash (such as /api), not {}", shown);
    if (prefix == "/") return "\"/\" is what the application without a prefix serves";
    if (prefix.back() == '/') return fmt::format("a prefix has no slash at its end, not {}", shown);
    const bool plain = std::all_of(prefix.begin(), prefix.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > ' ' && byte != 0x7f && c != '?' && c != '#' && c != '%';
    });
    if (!plain) return fmt::format("a prefix is a path without escapes or a query, not {}", shown);
    for (std::size_t from = 1; from <= prefix.size();) {
        const std::size_t end = std::min(prefix.find('/', from), prefix.size());
        const std::string_view segment = prefix.substr(from, end - from);
        if (segment.empty() || segment == "." || segment == "..")
            return fmt::format("a prefix has no empty, \".\" or \"..\" parts, not {}", shown);
        from = end + 1;
    }
    return {};
}

}  // namespace

Problem check_application_name(std::string_view text) {
    const std::string shown = in_quotes(text);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        const std::string module = module_meant(text);
        return fmt::format("{}: names a module but no callable in it; write MODULE:CALLABLE, such as {}:{}",
                           shown, module, module.ends_with("wsgi") ? "application" : "app");
    }
    if (!is_dotted_name(text.substr(0, colon))) {
        return fmt::format("{}: before the colon goes a module's dotted name, as in import (such as {}:app)",
                           shown, module_meant(text.substr(0, colon)));
    }
    if (!is_dotted_name(text.substr(colon + 1))) {
        return fmt::format("{}: after the colon goes the callable's name (such as mysite.wsgi:app)", shown);
    }
    return {};
}

bool take_call(std::string& name) {
    constexpr std::string_view kCall = "()";
    if (!name.ends_with(kCall)) return false;
    name.resize(name.size() - kCall.size());
    return true;
}

Parsed<MountedApplication> mounted_application(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
        return Error{fmt::format("must be PREFIX=MODULE:CALLABLE such as /api=mysite.api:app, not {}",
                                 in_quotes(text))};
    }
    MountedApplication mount{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
    mount.factory = take_call(mount.application);
    if (Problem problem = check_prefix(mount.prefix)) return Error{std::move(*problem)};
    if (Problem problem = check_application_name(mount.application)) return Error{std::move(*problem)};
    return mount;
}

}  // namespace baton::config
