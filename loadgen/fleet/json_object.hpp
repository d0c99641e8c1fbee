// The members of a JSON object that came from a peer, each asked for once: those that are missing, too many,
// of another kind or beyond their bounds are refused.
//
// Threads: one at a time. Lifetime: refers to the value and to the name of what it is. Cannot: return what is
// wrong; it throws Wrong, which the reading functions of fleet/ turn into a value.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "loadgen/clock.hpp"

namespace loadgen::fleet {

// Thrown within fleet/ only.
struct Wrong {
    std::string why;
};

class Object {
  public:
    Object(const boost::json::value& value, std::string_view what);

    const boost::json::value& at(std::string_view name);
    std::string text(std::string_view name, std::size_t longest);
    // Any bytes; they travel as base64.
    std::string bytes(std::string_view name, std::size_t longest);
    bool truth(std::string_view name);
    // There, and null: then it has been read.
    bool null(std::string_view name);
    std::uint64_t whole(std::string_view name, std::uint64_t least, std::uint64_t most);
    double seconds(std::string_view name);
    Nanoseconds nanoseconds(std::string_view name, Nanoseconds least, Nanoseconds most);
    // Fractions travel as text, as JSON's readers differ in the last digit.
    double exact(std::string_view name, double least, double most);
    const boost::json::array& array(std::string_view name, std::size_t longest);

    // Whether there was anything else in it.
    void end() const;

    [[noreturn]] void refuse(std::string_view name, std::string_view why) const;

  private:
    std::string_view what_;
    const boost::json::object* object_;
    std::size_t asked_ = 0;
};

double exact_of(const boost::json::value& value, std::string_view what, double least, double most);
std::string exact_text(double value);

std::string base64(std::string_view bytes);

}  // namespace loadgen::fleet
