// A bounded stream of body bytes between an I/O thread and an interpreter thread, in either direction.
//
// Threads: one producer and one consumer, one of each world. The I/O end (try_*) never blocks; the
// interpreter end (write, read) blocks and must be called without the GIL. Wake-ups of the I/O end are the
// Exchange's work. Lifetime: shared by both ends through the Exchange. Cannot: count more than its capacity
// in memory, however much flows through; carry more than one producer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace baton::http {

class BodyPipe {
  public:
    explicit BodyPipe(std::size_t capacity) : capacity_(capacity) {}

    // Takes what there is room for and says how much that was.
    std::size_t try_write(std::string_view bytes);
    // Takes all, waiting for room; false when the consumer has gone.
    bool write(std::string_view bytes);
    // Would write() return without waiting?
    bool has_room(std::size_t bytes) const;
    // Has try_take() something to say: bytes, or that none will come?
    bool readable() const;
    // No more bytes will come. `complete` is false when the stream ended before its time.
    void close(bool complete = true);

    enum class Read { data, end, broken };
    // Appends at most `most` bytes to `out`, waiting for the first of them.
    Read read(std::string& out, std::size_t most);
    // Exchanges `out` (which must be empty) for everything that is there. `end` and `broken` only when
    // nothing is left; `data` with an empty `out` means that nothing has come yet.
    Read try_take(std::string& out);
    // The consumer has gone: producers stop waiting, and later bytes are dropped.
    void abandon();
    bool abandoned() const;
    // As new, keeping a little memory. Only when neither end is in use.
    void reset();

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string bytes_;
    std::size_t read_ = 0;  // consumed prefix of bytes_
    const std::size_t capacity_;
    bool closed_ = false;
    bool complete_ = false;
    bool abandoned_ = false;

    std::size_t size() const { return bytes_.size() - read_; }
};

}  // namespace baton::http
