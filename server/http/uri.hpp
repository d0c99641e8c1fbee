// Request targets (RFC 9112 section 3.2) and percent-encoding (RFC 3986). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::http {

struct Target {
    std::string_view authority;  // of an absolute-form target, else empty
    std::string_view path;       // "*", empty (absolute-form only) or starting with '/'
    std::string_view query;
};

// Parts of an origin-form, absolute-form or asterisk-form target, as views into it; nothing when it is none
// of them.
std::optional<Target> split_target(std::string_view target);

// "%41" becomes "A"; what is not a valid escape stays as it is.
std::string percent_decode(std::string_view text);

// Could this be the value of a Host field: uri-host [":" port], possibly empty?
bool valid_host(std::string_view host);

// Does the first line end with an HTTP version, though not one of ours?
bool names_other_http_version(std::string_view bytes);

}  // namespace baton::http
