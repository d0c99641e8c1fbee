#include "interp/gil/preload/python.hpp"

#include <dlfcn.h>

namespace baton::gil::preload {

namespace {

template <typename Function>
bool look_up(Function& function, const char* name) noexcept {
    function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
    return function != nullptr;
}

const void* object_of(const void* address) noexcept {
    Dl_info info{};
    return dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

}  // namespace

bool Python::find() noexcept {
    // Asked for first, because it alone says that there is a Python at all.
    return look_up(version, "Py_GetVersion") && look_up(is_initialized, "Py_IsInitialized") &&
           look_up(add_pending_call, "Py_AddPendingCall") && look_up(save_thread, "PyEval_SaveThread") &&
           look_up(restore_thread, "PyEval_RestoreThread") && look_up(ensure, "PyGILState_Ensure") &&
           look_up(release, "PyGILState_Release");
}

bool calls_reach_us(const char* function) noexcept {
    static const char ours = 0;
    return object_of(dlsym(RTLD_DEFAULT, function)) == object_of(&ours);
}

}  // namespace baton::gil::preload
