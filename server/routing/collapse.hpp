// From a path to a label when nobody has named the route: segments that look like identifiers become `{id}`.
//
// Threads: pure functions.
// Lifetime: nothing is kept.
// Cannot: know what an application means; a segment that reads like words stays as it is.
#pragma once

#include <string>
#include <string_view>

namespace baton::routing {

// Numbers and dates (digits and hyphens), UUIDs, hex hashes of 16 digits or more, and opaque tokens: 16
// characters or more of base64url (RFC 4648 section 5) with digits in the middle of letters, as words do not
// have them.
bool is_identifier(std::string_view segment);

// Writes the label of `path` into `out`, whose memory is reused.
void collapse(std::string_view path, std::string& out);

// May this text be a label? At most 128 bytes of valid UTF-8 (the exposition format wants it) without control
// characters.
bool is_label(std::string_view text);

}  // namespace baton::routing
