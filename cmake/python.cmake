# Asks the chosen interpreter itself where its headers and its shared library are.
execute_process(
    COMMAND ${BATON_PYTHON} -c "import sysconfig as s; v = s.get_config_var; print(';'.join([s.get_path('include'), v('LIBDIR'), v('LDLIBRARY'), v('LDVERSION'), str(v('Py_ENABLE_SHARED')), __import__('platform').python_version()]))"
    OUTPUT_VARIABLE BATON_PYTHON_FACTS OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE BATON_PYTHON_STATUS)
if(NOT BATON_PYTHON_STATUS EQUAL 0)
    message(FATAL_ERROR "${BATON_PYTHON} does not run: set BATON_PYTHON to a Python 3.11 or newer")
endif()
list(GET BATON_PYTHON_FACTS 0 BATON_PYTHON_INCLUDE)
list(GET BATON_PYTHON_FACTS 1 BATON_PYTHON_LIBDIR)
list(GET BATON_PYTHON_FACTS 3 BATON_PYTHON_LDVERSION)
list(GET BATON_PYTHON_FACTS 5 BATON_PYTHON_VERSION)
if(NOT EXISTS ${BATON_PYTHON_INCLUDE}/Python.h)
    message(FATAL_ERROR "no Python.h in ${BATON_PYTHON_INCLUDE}: install the headers (Debian: python3-dev)")
endif()
find_library(BATON_LIBPYTHON NAMES python${BATON_PYTHON_LDVERSION} REQUIRED NO_CACHE NO_DEFAULT_PATH
             HINTS ${BATON_PYTHON_LIBDIR} PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
if(NOT BATON_LIBPYTHON MATCHES "\\.so")
    message(FATAL_ERROR "${BATON_LIBPYTHON} is not shared: the GIL ledger needs a shared libpython")
endif()

add_library(baton_python INTERFACE)
target_include_directories(baton_python SYSTEM INTERFACE ${BATON_PYTHON_INCLUDE})
target_link_libraries(baton_python INTERFACE ${BATON_LIBPYTHON})
target_compile_definitions(baton_python INTERFACE BATON_PYTHON_EXECUTABLE="${BATON_PYTHON}")
get_filename_component(BATON_LIBPYTHON_DIR ${BATON_LIBPYTHON} DIRECTORY)
if(NOT BATON_LIBPYTHON_DIR MATCHES "^/usr/lib")
    set(CMAKE_BUILD_RPATH ${BATON_LIBPYTHON_DIR})
endif()
