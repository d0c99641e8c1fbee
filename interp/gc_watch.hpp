// How often Python's garbage collector runs, and how long each time.
//
// Threads: made by main, detached; pauses() from any thread, without the GIL. Lifetime: the books belong to
// the callback too, so it may run as long as the interpreter wants to; the GcWatch itself ends whenever it
// likes. Cannot: count on after an application has taken the callback out of gc.callbacks; what was counted
// stays.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "interp/gil/ledger.hpp"
#include "interp/runtime.hpp"

namespace baton::interp {

class GcWatch {
  public:
    static constexpr std::size_t kGenerations = 3;
    using Pauses = std::array<gil::Histogram, kGenerations>;  // each collection, by generation

    // Appends to the gc.callbacks of the main interpreter.
    explicit GcWatch(const Runtime& runtime);

    Pauses pauses() const;

  private:
    struct Books;
    std::shared_ptr<Books> books_;
};

}  // namespace baton::interp
