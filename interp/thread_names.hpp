// Threads of the application bear their Python names in the kernel too, as CPython does it from 3.14 on: in
// `top -H`, in stack dumps, and in the books of the GIL.
//
// Threads: main, attached, before other threads start. Lifetime: what it adds to `threading` is the
// interpreter's. Cannot: name threads that something else than threading.Thread starts, rename one that gets
// another name later, or show more than the kernel's 15 bytes.
#pragma once

namespace baton::interp {

// Does nothing where CPython does it itself, and where `threading` has no place for it: then threads bear the
// name of the process.
void name_threads_in_kernel();

}  // namespace baton::interp
