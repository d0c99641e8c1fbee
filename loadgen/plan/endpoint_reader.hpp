// One [[endpoint]] of a scenario.
//
// Threads: one at a time. Lifetime: within one reading of one file. Cannot: name an endpoint that has no
// name; names.hpp does when all are known.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "loadgen/plan/plan.hpp"
#include "loadgen/plan/toml_table.hpp"
#include "loadgen/plan/url.hpp"

namespace loadgen::plan {

// What all endpoints of a file have in common.
struct Common {
    std::optional<Address> base;
    std::vector<Header> headers;
    std::filesystem::path folder;       // body-file is relative to it
    std::uint64_t body_bytes_left = 0;  // of all endpoints together
};

// `headers` as a table (a value, or an array of values for a name that is repeated) or an array of tables
// with name and value.
std::vector<Header> read_headers(TomlTable& table, Faults& faults);

// The faults are in `faults`; the endpoint is of use only when there are none.
Endpoint read_endpoint(const toml::table& table, Common& common, Faults& faults);

}  // namespace loadgen::plan
