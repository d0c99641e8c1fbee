#include "server/routing/template.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace baton::routing {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
    throw std::invalid_argument(fmt::format("route template \"{}\": {}", text, why));
}

// Takes the first segment off `rest` (which is behind a '/'); false when nothing is left.
bool next_segment(std::string_view& rest, bool& more, std::string_view& segment) {
    if (!more) return false;
    const std::size_t slash = rest.find('/');
    segment = rest.substr(0, slash);
    more = slash != std::string_view::npos;
    if (more) rest.remove_prefix(slash + 1);
    return true;
}

}  // namespace

Template::Template(std::string_view text) : text_(text) {
    if (text.empty() || text.front() != '/') refuse(text, "must begin with '/'");
    if (text.size() > 200) refuse(text, "is longer than 200 characters");
    std::string_view rest = text.substr(1);
    std::string_view segment;
    bool more = true;
    while (next_segment(rest, more, segment)) {
        segments_.push_back(parse(segment, text));
        if (segments_.back().kind == Kind::rest && more) refuse(text, "{name*} must be the last segment");
    }
}

Template::Segment Template::parse(std::string_view segment, std::string_view whole) {
    if (segment.find_first_of("{}") == std::string_view::npos) return {Kind::literal, std::string(segment)};
    const bool braces = segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
    std::string_view name = braces ? segment.substr(1, segment.size() - 2) : std::string_view();
    const bool tail = !name.empty() && name.back() == '*';
    if (tail) name.remove_suffix(1);
    if (name.empty() || name.find_first_of("{}*") != std::string_view::npos) {
        refuse(whole, "a placeholder is a whole segment, {name} or {name*}");
    }
    return {tail ? Kind::rest : Kind::any, std::string(name)};
}

bool Template::matches(std::string_view path) const {
    if (path.empty() || path.front() != '/') return false;
    std::string_view rest = path.substr(1);
    std::string_view segment;
    bool more = true;
    for (const Segment& expected : segments_) {
        if (expected.kind == Kind::rest) return more;
        if (!next_segment(rest, more, segment)) return false;
        if (expected.kind == Kind::any ? segment.empty() : segment != expected.text) return false;
    }
    return !more;
}

}  // namespace baton::routing
