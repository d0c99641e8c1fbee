# handlers.native._native: the lab's extension module, for the embedded Python. It is loaded into the server or into that
# Python's own program, and finds CPython in either, so it links no libpython. handlers/native/__init__.py looks for it
# in BUILD/handlers/native; an installed tree has it beside that file.
execute_process(COMMAND ${BATON_PYTHON} -c "import sysconfig as s; print(s.get_config_var('EXT_SUFFIX'))"
    OUTPUT_VARIABLE suffix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_package(ZLIB REQUIRED)
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/handlers/native/*.cpp)
add_library(lab_native MODULE ${sources})
target_include_directories(lab_native PRIVATE ${PROJECT_SOURCE_DIR})
target_include_directories(lab_native SYSTEM PRIVATE ${BATON_PYTHON_INCLUDE})
target_link_libraries(lab_native PRIVATE ZLIB::ZLIB)
target_compile_options(lab_native PRIVATE ${BATON_WARNINGS})
set_target_properties(lab_native PROPERTIES PREFIX "" OUTPUT_NAME _native SUFFIX "${suffix}" CXX_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/handlers/native)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/handlers DESTINATION lib/baton COMPONENT lab FILES_MATCHING PATTERN "*.py"
        PATTERN "__pycache__" EXCLUDE)
install(TARGETS lab_native LIBRARY DESTINATION lib/baton/handlers/native COMPONENT lab)
