// The live page and the files that it is made of, all of them in the binary.
//
// Threads: pure functions, but that the assets' hash is made at the first call. Lifetime: pages own their
// bytes. Cannot: fetch anything from elsewhere, nor let a browser do so: the policy allows this address only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/admin/page.hpp"
#include "server/admin/readiness.hpp"
#include "server/metrics/observatory.hpp"

namespace baton::admin {

// Every answer with this prefix is one of the files; their names change with their contents.
inline constexpr std::string_view kAssets = "/page/";

// What the page says before its script does, or without it: tables of routes and threads, and `links` to the
// other pages.
Page live_page(const metrics::Observation& seen, Readiness readiness, const std::string& links);

// The file at a path; nothing when there is none.
std::optional<Page> asset(std::string_view path);

// For the text of an element or the value of an attribute in quotes.
std::string html_text(std::string_view text);

}  // namespace baton::admin
