// The outcome of reading what a human wrote: the value, or one line that says what is wrong with it.
//
// Threads: a plain value. Lifetime: owns what it holds. Cannot: say where the text came from; whoever knows
// (the flag, the file and its line) puts that in front.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace loadgen::plan {

struct Fault {
    std::string why;
};

// Nothing: all well.
using Problem = std::optional<Fault>;

template <class T>
class Parsed {
  public:
    Parsed(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Parsed(Fault fault) : held_(std::in_place_index<1>, std::move(fault)) {}

    explicit operator bool() const noexcept { return held_.index() == 0; }
    T& operator*() { return std::get<0>(held_); }
    const T& operator*() const { return std::get<0>(held_); }
    T* operator->() { return &std::get<0>(held_); }
    const T* operator->() const { return &std::get<0>(held_); }
    const Fault& fault() const { return std::get<1>(held_); }
    const std::string& why() const { return fault().why; }

  private:
    std::variant<T, Fault> held_;
};

// In double quotes, on one line whatever the text holds, and not longer than a line should be.
std::string in_quotes(std::string_view text);

}  // namespace loadgen::plan
