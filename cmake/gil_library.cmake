# libbaton-gil.so: the ledger for programs that are not Baton, loaded with LD_PRELOAD by `baton probe`. It goes into any
# program, so it brings its own libstdc++ and shows nothing but the functions that stand ahead of libc; and it must be
# loadable where no sanitizer's runtime is.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/interp/gil/*.cpp ${PROJECT_SOURCE_DIR}/interp/gil/preload/*.cpp)
add_library(baton_gil_so SHARED ${sources})
target_include_directories(baton_gil_so PRIVATE ${PROJECT_SOURCE_DIR})
target_compile_options(baton_gil_so PRIVATE ${BATON_WARNINGS} -fno-sanitize=all)
target_link_libraries(baton_gil_so PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(baton_gil_so PRIVATE -fno-sanitize=all -static-libstdc++ -static-libgcc -Wl,-z,defs
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/interp/gil/preload/exports.map)
set_target_properties(baton_gil_so PROPERTIES OUTPUT_NAME baton-gil POSITION_INDEPENDENT_CODE ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} LINK_DEPENDS ${PROJECT_SOURCE_DIR}/interp/gil/preload/exports.map)
if(TARGET baton)
    add_dependencies(baton baton_gil_so)  # `baton probe` looks for it beside itself, or in ../lib/baton
    install(TARGETS baton RUNTIME DESTINATION bin)
    install(TARGETS baton_gil_so LIBRARY DESTINATION lib/baton)
endif()
