// What has to be known of a virtual environment before Python starts in it.
//
// Threads: any. Lifetime: values. Cannot: run its Python; it only reads pyvenv.cfg.
#pragma once

#include <string>

namespace baton::interp {

// The interpreter that sys.executable must name so that site.py finds the environment: ROOT/bin/python.
// Throws StartError when ROOT is no virtual environment, or one of a Python other than `major.minor`.
std::string venv_executable(const std::string& root, int major, int minor);

}  // namespace baton::interp
