#include "server/http/range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <optional>

namespace baton::http {

namespace {

using boost::beast::iequals;

constexpr std::string_view kUnit = "bytes=";

// Nothing when it is not all digits. What is too large for a file is the largest number.
std::optional<std::uint64_t> number(std::string_view text) {
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (text.empty() || !digits) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? value : UINT64_MAX;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Part last_bytes(std::uint64_t count, std::uint64_t size) {
    if (count == 0) return {Part::Kind::unsatisfiable, 0, 0};
    if (count >= size) return {Part::Kind::whole, 0, size};
    return {Part::Kind::part, size - count, count};
}

// The application answers a GET with all of the file, and has nothing against sending parts of it.
bool may_be_part(const Request& request, const ResponseHead& head) {
    if (head.status != 200 || head.find("Content-Range") || head.find("Content-Encoding")) return false;
    const auto accepts = head.find("Accept-Ranges");
    if (accepts && !iequals(*accepts, "bytes")) return false;
    return request.method() == "GET" || request.method() == "HEAD";
}

Part asked_for(const Request& request, const ResponseHead& head, std::uint64_t size) {
    const Part whole{Part::Kind::whole, 0, size};
    const auto range = request.find("Range");
    if (!range || request.method() != "GET") return whole;
    const auto condition = request.find("If-Range");
    if (condition && !same_state(*condition, head)) return whole;
    return select_part(*range, size);
}

}  // namespace

Part select_part(std::string_view range, std::uint64_t size) {
    const Part whole{Part::Kind::whole, 0, size};
    if (range.size() <= kUnit.size() || !iequals(range.substr(0, kUnit.size()), kUnit)) return whole;
    const std::string_view bytes = trimmed(range.substr(kUnit.size()));
    const auto dash = bytes.find('-');
    if (dash == std::string_view::npos) return whole;
    const auto first = number(bytes.substr(0, dash));
    const auto last = number(bytes.substr(dash + 1));
    if (dash == 0) return last ? last_bytes(*last, size) : whole;
    const bool open = dash + 1 == bytes.size();
    if (!first || (!open && (!last || *last < *first))) return whole;
    if (*first >= size) return {Part::Kind::unsatisfiable, 0, 0};
    const std::uint64_t end = open ? size : std::min(size - 1, *last) + 1;
    return {Part::Kind::part, *first, end - *first};
}

bool same_state(std::string_view if_range, const ResponseHead& head) {
    if (if_range.starts_with('"')) return head.find("ETag") == if_range;
    // A weak tag never is the very same, and what is neither is a date.
    return !if_range.starts_with("W/") && head.find("Last-Modified") == if_range;
}

Part answer_range(const Request& request, ResponseHead& head, std::uint64_t size) {
    if (!may_be_part(request, head)) {
        head.set_length(size);
        return {Part::Kind::whole, 0, size};
    }
    const Part part = asked_for(request, head, size);
    if (!head.find("Accept-Ranges")) head.add("Accept-Ranges", "bytes");
    if (part.kind == Part::Kind::part) {
        head.set_status("206 Partial Content");
        head.add("Content-Range",
                 fmt::format("bytes {}-{}/{}", part.offset, part.offset + part.length - 1, size));
    } else if (part.kind == Part::Kind::unsatisfiable) {
        head.set_status("416 Range Not Satisfiable");
        head.add("Content-Range", fmt::format("bytes */{}", size));
    }
    head.set_length(part.length);
    return part;
}

}  // namespace baton::http
