#include "loadgen/books/exposition.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

namespace loadgen::books {

namespace {

// Names: [a-zA-Z_:][a-zA-Z0-9_:]*, labels without the colon; the C locale whatever the user's.
bool begins_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

bool continues_name(char c) noexcept {
    return begins_name(c) || (c >= '0' && c <= '9');
}

// One line, read from its left end.
class Line {
  public:
    explicit Line(std::string_view text) noexcept : rest_(text) {}

    void skip_blanks() noexcept {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }
    bool at_end() const noexcept { return rest_.empty(); }
    bool take(char expected) noexcept {
        if (rest_.empty() || rest_.front() != expected) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view take_name() noexcept {
        if (rest_.empty() || !begins_name(rest_.front())) return {};
        std::size_t length = 1;
        while (length < rest_.size() && continues_name(rest_[length])) ++length;
        return take_first(length);
    }
    std::string_view take_word() noexcept {
        const std::size_t end = rest_.find_first_of(" \t");
        return take_first(end == std::string_view::npos ? rest_.size() : end);
    }
    // Between quotes: \\, \" and \n are the only escapes; another backslash stands for itself.
    std::optional<std::string> take_quoted() {
        if (!take('"')) return std::nullopt;
        std::string value;
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return value;
            value += c == '\\' ? unescaped() : c;
        }
        return std::nullopt;
    }

  private:
    std::string_view take_first(std::size_t length) noexcept {
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }
    char unescaped() noexcept {
        if (take('n')) return '\n';
        if (take('"')) return '"';
        take('\\');
        return '\\';
    }

    std::string_view rest_;
};

bool equals_ignoring_case(std::string_view a, std::string_view lower) noexcept {
    if (a.size() != lower.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
        if (c != lower[i]) return false;
    }
    return true;
}

std::optional<double> number(std::string_view text) {
    double sign = 1;
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
        sign = text.front() == '-' ? -1 : 1;
        text.remove_prefix(1);
    }
    if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
    if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity"))
        return sign * std::numeric_limits<double>::infinity();
    if (text.empty() || text.front() == '-') return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return sign * value;
}

// What is wrong with the labels, or nullptr.
const char* read_labels(Line& line, Labels& labels) {
    if (!line.take('{')) return nullptr;
    for (;;) {
        line.skip_blanks();
        if (line.take('}')) return nullptr;
        const std::string_view name = line.take_name();
        if (name.empty()) return "a label without a name";
        line.skip_blanks();
        if (!line.take('=')) return "a label without '='";
        line.skip_blanks();
        std::optional<std::string> value = line.take_quoted();
        if (!value) return "a label whose value is not between quotes";
        if (labels.size() == Exposition::kMostLabels) return "too many labels";
        if (!labels.emplace(name, std::move(*value)).second) return "a label twice";
        line.skip_blanks();
        if (line.take(',')) continue;
        return line.take('}') ? nullptr : "labels without an end";
    }
}

// What is wrong with the sample, or nullptr. The timestamp is checked and left out: all of one scrape is of
// one time.
const char* read_sample(Line& line, std::string_view& name, Sample& sample) {
    name = line.take_name();
    if (name.empty()) return "no name";
    line.skip_blanks();
    if (const char* wrong = read_labels(line, sample.labels)) return wrong;
    line.skip_blanks();
    const std::optional<double> value = number(line.take_word());
    if (!value) return "no number";
    sample.value = *value;
    line.skip_blanks();
    if (!line.at_end() && !number(line.take_word())) return "a timestamp that is not a number";
    line.skip_blanks();
    return line.at_end() ? nullptr : "more than a sample";
}

std::string_view take_line(std::string_view& text) noexcept {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

}  // namespace

std::variant<Exposition, Trouble> Exposition::parse(std::string_view text) {
    if (text.size() > kMostBytes)
        return Trouble{fmt::format("more than {} MiB of metrics", kMostBytes >> 20U)};
    Exposition parsed;
    for (std::size_t number = 1; !text.empty(); ++number) {
        Line line(take_line(text));
        line.skip_blanks();
        if (line.at_end() || line.take('#')) continue;
        if (parsed.size_ == kMostSamples) return Trouble{fmt::format("more than {} metrics", kMostSamples)};
        std::string_view name;
        Sample sample;
        if (const char* wrong = read_sample(line, name, sample))
            return Trouble{fmt::format("not the Prometheus text format: line {}: {}", number, wrong)};
        auto family = parsed.families_.find(name);
        if (family == parsed.families_.end())
            family = parsed.families_.emplace(std::string(name), std::vector<Sample>()).first;
        family->second.push_back(std::move(sample));
        ++parsed.size_;
    }
    return parsed;
}

const std::vector<Sample>& Exposition::samples(std::string_view name) const {
    static const std::vector<Sample> none;
    const auto found = families_.find(name);
    return found == families_.end() ? none : found->second;
}

std::optional<double> Exposition::total(std::string_view name) const {
    const std::vector<Sample>& all = samples(name);
    if (all.empty()) return std::nullopt;
    double sum = 0;
    for (const Sample& sample : all) sum += sample.value;
    return sum;
}

const std::string& label(const Sample& sample, std::string_view name) {
    static const std::string none;
    const auto found = sample.labels.find(name);
    return found == sample.labels.end() ? none : found->second;
}

}  // namespace loadgen::books
