// Reads what a server says at /metrics: the Prometheus text format, version 0.0.4. Types and help texts are
// skipped; what is left are samples, looked up by name and labels.
//
// Threads: any; const after parse(). Lifetime: a value. Cannot: read OpenMetrics' exemplars or protobuf;
// more than the bounds below is a failure, not a cut.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace loadgen::books {

// Why there are no books: a peer's fault. One line for a human.
struct Trouble {
    std::string why;
};

using Labels = std::map<std::string, std::string, std::less<>>;

struct Sample {
    Labels labels;
    double value = 0;  // may be NaN or infinite
};

class Exposition {
  public:
    static constexpr std::size_t kMostBytes = 32U << 20U;
    static constexpr std::size_t kMostSamples = 200'000;
    static constexpr std::size_t kMostLabels = 64;  // of one sample

    static std::variant<Exposition, Trouble> parse(std::string_view text);

    // All samples of that name; empty when there is none.
    const std::vector<Sample>& samples(std::string_view name) const;
    // The sum over all samples of that name; none when there is none.
    std::optional<double> total(std::string_view name) const;
    std::size_t size() const noexcept { return size_; }

  private:
    std::map<std::string, std::vector<Sample>, std::less<>> families_;
    std::size_t size_ = 0;
};

// A label's value, or "" when it is not there.
const std::string& label(const Sample& sample, std::string_view name);

}  // namespace loadgen::books
