// A place in a JSON document that is being read, which knows its own path, so that a fault can say where it
// is.
//
// Threads: one at a time. Lifetime: refers to the document. Cannot: be trusted to be what it is called; every
// access checks, and throws Fault, which json_read.cpp turns into a value.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "loadgen/clock.hpp"

namespace loadgen::report {

class Fault : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Place {
  public:
    static constexpr std::uint64_t kLargestCount = std::uint64_t{1} << 53U;  // exact in every JSON reader
    static constexpr std::size_t kLongestString = std::size_t{64} << 10U;

    explicit Place(const boost::json::value& value, std::string path = {})
        : value_(&value), path_(std::move(path)) {}

    Place at(std::string_view member) const;  // has to be there
    bool has(std::string_view member) const;
    bool is_null() const noexcept { return value_->is_null(); }

    std::string text() const;
    bool truth() const;
    double number() const;        // finite
    double not_negative() const;  // finite, 0 or more
    std::uint64_t count(std::uint64_t most = kLargestCount) const;
    Nanoseconds seconds() const;  // a span of up to 10 years
    Nanoseconds nanoseconds() const;

    template <typename Each>
    void elements(std::size_t most, const Each& each) const {
        const auto& array = checked_array(most);
        for (std::size_t i = 0; i < array.size(); ++i)
            each(Place(array[i], path_ + '[' + std::to_string(i) + ']'));
    }
    // each(name, place)
    template <typename Each>
    void members(std::size_t most, const Each& each) const {
        for (const auto& [name, value] : checked_object(most)) {
            each(std::string(name), Place(value, path_ + '.' + std::string(name).substr(0, 100)));
        }
    }

    [[noreturn]] void refuse(const std::string& why) const;

  private:
    const boost::json::array& checked_array(std::size_t most) const;
    const boost::json::object& checked_object(std::size_t most) const;

    const boost::json::value* value_;
    std::string path_;
};

}  // namespace loadgen::report
