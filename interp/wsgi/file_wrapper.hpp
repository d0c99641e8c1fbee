// wsgi.file_wrapper: an iterable of a file's blocks, which the I/O thread sends by itself when it is a real
// file.
//
// Threads: attached; sizing a file lets go of the GIL. Lifetime: counted by Python.
// Cannot: be subclassed: what an application overrides would be passed over.
#pragma once

#include <cstdint>
#include <optional>

#include "interp/module.hpp"

namespace baton::interp::wsgi {

Owned make_file_wrapper_type(Module& module);

// The rest of a regular file from its current position; `fd` is a descriptor of its own.
struct OpenRegion {
    int fd = -1;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
// Nothing, without an exception, when the wrapped object is not a plain open file (io.FileIO, a buffered
// reader on one, or tempfile's wrapper of those). Others that have a fileno() may show something else than
// the file's own bytes: gzip.GzipFile does.
std::optional<OpenRegion> region_of(Borrowed file_wrapper);

}  // namespace baton::interp::wsgi
