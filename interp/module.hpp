// The module `_baton`: the home of Baton's own Python types, which are heap types, one set per interpreter.
//
// Threads: attached. Lifetime: keeps the module; types live as long as somebody refers to them.
// Cannot: be imported by applications; they meet its types in the environ.
#pragma once

#include "interp/object.hpp"

namespace baton::interp {

class Module {
  public:
    Module();
    // Makes a type that belongs to this module.
    Owned add(PyType_Spec& spec);

  private:
    Owned module_;
};

}  // namespace baton::interp
