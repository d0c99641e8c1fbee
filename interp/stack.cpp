#include "interp/stack.hpp"

#include <spdlog/fmt/fmt.h>

#include "interp/errors.hpp"
#include "interp/python.hpp"

namespace baton::interp {

namespace {

// A collection could run finalisers, and these anything.
class NoCollection {
  public:
    NoCollection() : was_enabled_(PyGC_Disable() != 0) {}
    ~NoCollection() {
        if (was_enabled_) PyGC_Enable();
    }
    NoCollection(const NoCollection&) = delete;
    NoCollection& operator=(const NoCollection&) = delete;

  private:
    const bool was_enabled_;
};

std::string text_attribute(Borrowed object, const char* name) {
    const Owned value = attribute(object, name);
    return value && PyUnicode_Check(value.get()) ? utf8(value) : "?";
}

std::string describe(PyFrameObject* frame) {
    const Owned code = steal(reinterpret_cast<PyObject*>(PyFrame_GetCode(frame)));
    return fmt::format("{}:{} ({})", text_attribute(code, "co_filename"), PyFrame_GetLineNumber(frame),
                       text_attribute(code, "co_qualname"));
}

Owned frame_of(PyThreadState* thread) {
    return steal(reinterpret_cast<PyObject*>(PyThreadState_GetFrame(thread)));
}

}  // namespace

std::string stack_of(PyThreadState* thread, int depth) {
    const NoCollection no_collection;
    std::string text;
    Owned frame = frame_of(thread);
    for (int frames = 0; frame && frames < depth; ++frames) {
        auto* const raw = reinterpret_cast<PyFrameObject*>(frame.get());
        text += (frames == 0 ? "" : "\n") + describe(raw);
        frame = steal(reinterpret_cast<PyObject*>(PyFrame_GetBack(raw)));
    }
    if (frame) text += "\n...";
    return text;
}

}  // namespace baton::interp
