// The last 15 minutes of the whole server, a sample a second: what a page can show that was not open then.
//
// Threads: one at a time (the admin thread). Lifetime: refers to nothing.
// Cannot: look back further, nor take more than kMost * sizeof(Sample) bytes (about 200 KiB), all of which it
// has from the first; tell more than Sample::kMostGils interpreters apart: later ones are left out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "server/history/moment.hpp"
#include "server/history/sample.hpp"

namespace baton::history {

class History {
  public:
    static constexpr std::size_t kMost = 900;

    History() : ring_(kMost) {}

    // The first moment is only what the second is compared with.
    void add(Moment now);

    std::size_t size() const { return size_; }
    // The oldest first.
    const Sample& at(std::size_t index) const { return ring_[(first_ + index) % kMost]; }
    // Interpreters by column.
    const std::vector<std::string>& columns() const { return columns_; }

  private:
    void find_columns(const Moment& now);
    void push(const Sample& sample);

    std::vector<Sample> ring_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
    std::vector<std::string> columns_;
    std::optional<Moment> last_;
};

}  // namespace baton::history
