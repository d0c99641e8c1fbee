// Whether a request may come from a page of somebody else's that runs in a browser of this machine's. A
// loopback address is not reachable from outside, but every page that the browser shows can reach it: by a
// name of its own that it lets point there (DNS rebinding), or simply across sites, without seeing the
// answer.
//
// Threads: pure functions. Lifetime: nothing is kept. Cannot: tell programs from each other; they send what
// they like.
#pragma once

#include <string_view>

namespace baton::admin {

// May this be the Host of a request to a loopback address? localhost and the names below it, and addresses in
// numbers, with any port or none; nothing at all, as from HTTP/1.0. No other page can have such a name.
bool is_local_host(std::string_view host);

// The value of Sec-Fetch-Site, which browsers send and pages cannot change.
bool is_cross_site(std::string_view site);

}  // namespace baton::admin
