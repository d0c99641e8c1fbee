#include "interp/object.hpp"

#include <cstdio>
#include <cstdlib>

namespace baton::interp {

void broken(std::string_view what) {
    std::fprintf(stderr, "baton: broken invariant: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

}  // namespace baton::interp
