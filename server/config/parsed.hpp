// The outcome of reading a value that a human wrote: the value, or one line that says what is wrong with it.
//
// Threads: a plain value.
// Lifetime: owns what it holds.
// Cannot: say where the text came from; whoever knows the origin puts it in front.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace baton::config {

struct Error {
    std::string text;
};

// Nothing: all well.
using Problem = std::optional<std::string>;

template <class T>
class Parsed {
  public:
    Parsed(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Parsed(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return held_.index() == 0; }
    T& operator*() { return std::get<0>(held_); }
    const T& operator*() const { return std::get<0>(held_); }
    T* operator->() { return &std::get<0>(held_); }
    const T* operator->() const { return &std::get<0>(held_); }
    const std::string& error() const { return std::get<1>(held_).text; }

  private:
    std::variant<T, Error> held_;
};

}  // namespace baton::config
