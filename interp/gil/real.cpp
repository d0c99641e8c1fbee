#include "interp/gil/real.hpp"

#include <dlfcn.h>

#include <cstring>

#include "interp/gil/fatal.hpp"

namespace baton::gil::real {

void* next_definition(const char* name) {
    void* found = dlsym(RTLD_NEXT, name);
#ifdef __x86_64__
    // On x86-64 libc has two sets of condition variables, that of glibc 2.2.5 and today's. Before glibc 2.36
    // RTLD_NEXT finds the old one (glibc bug 14932).
    if (std::strncmp(name, "pthread_cond_", 13) == 0) {
        void* today = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
        if (today != nullptr && found == dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5")) found = today;
    }
#endif
    if (found == nullptr) fatal("no other definition of a pthread function to forward to", name);
    return found;
}

}  // namespace baton::gil::real
