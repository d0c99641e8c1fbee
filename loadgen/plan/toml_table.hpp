// Reading a TOML table of known keys: each key is asked for once, by its type, and what nobody asked for is
// unknown. The faults of a whole file come together in Faults, which keeps the topmost.
//
// Threads: one at a time. Lifetime: within one reading of one file. Cannot: read on after a fault in the
// sense that the values are worth anything; a value that is wrong reads as absent.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "loadgen/clock.hpp"
#include "loadgen/plan/fault.hpp"

namespace loadgen::plan {

class Faults {
  public:
    explicit Faults(std::string path) : path_(std::move(path)) {}

    // Of two, the one further up in the file stays.
    void add(const toml::source_region& where, std::string_view what);
    const Problem& first() const noexcept { return first_; }
    // FILE:LINE:COLUMN
    std::string place(const toml::source_region& where) const;
    const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
    toml::source_position position_{};
    Problem first_;
};

class TomlTable {
  public:
    // `what` is for messages: "[load]".
    TomlTable(const toml::table& table, std::string what, Faults& faults);

    const toml::node* node(std::string_view key);  // nullptr when it is not there
    std::optional<std::string> text(std::string_view key);
    std::optional<bool> truth(std::string_view key);
    std::optional<std::uint64_t> whole(std::string_view key, std::uint64_t least, std::uint64_t most);
    std::optional<double> number(std::string_view key, double least, double most);
    const toml::table* table(std::string_view key);
    const toml::array* array(std::string_view key);

    // A string or a number, handed as text to `parse`, which gives a Parsed<...>.
    template <class Parse>
    auto quantity(std::string_view key, Parse parse) {
        using Value = std::decay_t<decltype(*parse(std::string_view()))>;
        const std::optional<std::string> written = scalar(key);
        if (!written) return std::optional<Value>();
        auto value = parse(std::string_view(*written));
        if (value) return std::optional<Value>(std::move(*value));
        fault(key, value.why());
        return std::optional<Value>();
    }

    // At the key's value; at the table when it is not there.
    void fault(std::string_view key, std::string_view what);
    void fault(std::string_view what);
    // To be called last: keys that were not asked for are faults.
    void refuse_unknown();

  private:
    struct Entry {
        const toml::key* key;
        const toml::node* node;
        bool asked = false;
    };

    std::optional<std::string> scalar(std::string_view key);

    const toml::table& table_;
    std::string what_;
    Faults& faults_;
    std::map<std::string, Entry, std::less<>> entries_;  // names with dashes
    std::set<std::string, std::less<>> known_;
};

}  // namespace loadgen::plan
