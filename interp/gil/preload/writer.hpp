// A thread that calls a function several times a second, and once more at its end.
//
// Threads: start() and stop() from one thread at a time. Lifetime: constant-initialised; the thread ends with
// the process, if not before. Cannot: be seen by the program's signals (all are blocked), and be waited for
// longer than a moment.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

namespace baton::gil::preload {

class Writer {
  public:
    using Work = void (*)();
    constexpr explicit Writer(Work work) noexcept : work_(work) {}

    bool is_running() const noexcept { return running_.load(std::memory_order_acquire); }
    void start() noexcept;
    // Waits for the thread's end, at most a fifth of a second; after that it ends by itself.
    void stop() noexcept;
    // In the child of a fork, where it does not exist.
    void forget() noexcept;

  private:
    static void* main(void* writer);
    void run();

    const Work work_;
    pthread_t thread_{};
    std::atomic<bool> running_{false};
    std::atomic<std::uint32_t> shift_{0};  // a thread whose shift has ended leaves
    std::atomic<std::uint32_t> begun_{0};  // the shift of the thread that was started last
};

}  // namespace baton::gil::preload
