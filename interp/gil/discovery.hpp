// Recognises the making of a GIL: CPython's create_gil() initialises mutex, switch_mutex, cond, switch_cond,
// in this order and one behind the other in memory, and nothing between them.
//
// Threads: one Discovery per thread (its calls come from one thread). Lifetime: the thread's.
// Cannot: see what is initialised statically (PTHREAD_MUTEX_INITIALIZER, std::mutex); create_gil() does not
// do that.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "interp/gil/registry.hpp"

namespace baton::gil {

class Discovery {
  public:
    void mutex_initialised(pthread_mutex_t* mutex) noexcept;
    // The GIL that this call completes, or null.
    GilObjects* cond_initialised(pthread_cond_t* cond) noexcept;

  private:
    enum class Step : std::uint8_t { kNothing, kMutex, kSwitchMutex, kCond };
    GilObjects* candidate_ = nullptr;
    Step step_ = Step::kNothing;
};

}  // namespace baton::gil
