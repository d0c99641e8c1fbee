// A route template as the user wrote it: `/users/{id}/posts`, or with a tail that takes the rest:
// `/files/{rest*}`.
//
// Threads: immutable after construction.
// Lifetime: owns its text.
// Cannot: match part of a segment, or extract values; it only says whether a path belongs to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::routing {

class Template {
  public:
    // Throws std::invalid_argument, with the reason, when the text is not a template.
    explicit Template(std::string_view text);

    // `{name}` takes one segment that is not empty; `{name*}` takes everything that is left, also nothing.
    bool matches(std::string_view path) const;
    const std::string& text() const { return text_; }

  private:
    enum class Kind { literal, any, rest };
    struct Segment {
        Kind kind;
        std::string text;
    };

    static Segment parse(std::string_view segment, std::string_view whole);

    std::string text_;
    std::vector<Segment> segments_;
};

}  // namespace baton::routing
