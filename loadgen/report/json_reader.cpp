#include "loadgen/report/json_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <cmath>

namespace loadgen::report {

Place Place::at(std::string_view member) const {
    const auto* object = value_->if_object();
    if (object == nullptr) refuse("an object is expected");
    const auto* found = object->if_contains(member);
    const std::string path = path_.empty() ? std::string(member) : path_ + '.' + std::string(member);
    if (found == nullptr) throw Fault(path + ": is missing");
    return Place(*found, path);
}

bool Place::has(std::string_view member) const {
    const auto* object = value_->if_object();
    if (object == nullptr) refuse("an object is expected");
    return object->contains(member);
}

std::string Place::text() const {
    const auto* string = value_->if_string();
    if (string == nullptr) refuse("a string is expected");
    if (string->size() > kLongestString) refuse("this string is too long");
    return {string->data(), string->size()};
}

bool Place::truth() const {
    const bool* truth = value_->if_bool();
    if (truth == nullptr) refuse("true or false is expected");
    return *truth;
}

double Place::number() const {
    if (!value_->is_number()) refuse("a number is expected");
    const auto number = value_->to_number<double>();
    if (!std::isfinite(number)) refuse("a finite number is expected");
    return number;
}

double Place::not_negative() const {
    const double value = number();
    if (value < 0) refuse("a number of 0 or more is expected");
    return value;
}

std::uint64_t Place::count(std::uint64_t most) const {
    // Boost.JSON keeps what fits as int64; a count above that is beyond `most` anyway.
    const std::int64_t* count = value_->if_int64();
    if (count != nullptr && *count >= 0 && static_cast<std::uint64_t>(*count) <= most) {
        return static_cast<std::uint64_t>(*count);
    }
    const std::uint64_t* large = value_->if_uint64();
    if (large != nullptr && *large <= most) return *large;
    refuse("a whole number from 0 to " + std::to_string(most) + " is expected");
}

Nanoseconds Place::seconds() const {
    constexpr double kLongest = 10 * 366 * 86400.0;
    const double value = not_negative();
    if (value > kLongest) refuse("this span is too long");
    return Nanoseconds(std::llround(value * 1e9));
}

Nanoseconds Place::nanoseconds() const {
    return Nanoseconds(static_cast<Nanoseconds::rep>(count()));
}

const boost::json::array& Place::checked_array(std::size_t most) const {
    const auto* array = value_->if_array();
    if (array == nullptr) refuse("an array is expected");
    if (array->size() > most) refuse("more than " + std::to_string(most) + " elements");
    return *array;
}

const boost::json::object& Place::checked_object(std::size_t most) const {
    const auto* object = value_->if_object();
    if (object == nullptr) refuse("an object is expected");
    if (object->size() > most) refuse("more than " + std::to_string(most) + " members");
    return *object;
}

void Place::refuse(const std::string& why) const {
    throw Fault((path_.empty() ? "the document" : path_) + ": " + why);
}

}  // namespace loadgen::report
