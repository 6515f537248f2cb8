# One static library per layer, linked explicitly to the layers below it and to the libraries it
# uses. The include table that tests/tidy_test.py holds is the same picture from the other side.

add_library(printfleet_flags INTERFACE)
target_compile_options(printfleet_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wformat=2 -Wswitch-enum -Wextra-semi -Wundef
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op>
  $<$<BOOL:${PRINTFLEET_WERROR}>:-Werror>)
target_include_directories(printfleet_flags INTERFACE ${CMAKE_SOURCE_DIR}/bridge ${CMAKE_SOURCE_DIR})
target_compile_definitions(printfleet_flags INTERFACE
  PRINTFLEET_VERSION="${PROJECT_VERSION}" RAPIDJSON_HAS_STDSTRING=1
  $<$<BOOL:${PRINTFLEET_FAILPOINTS}>:PRINTFLEET_FAILPOINTS>)

# printfleet_layer(<name> LAYERS <lower layers> LIBRARIES <third-party targets>)
function(printfleet_layer name)
  cmake_parse_arguments(ARG "" "" "LAYERS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "main\\.cc$")
  if(NOT sources)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/empty.cc "")
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/empty.cc)
  endif()
  add_library(printfleet_${name} STATIC ${sources})
  list(TRANSFORM ARG_LAYERS PREPEND printfleet_)
  target_link_libraries(printfleet_${name} PUBLIC printfleet_flags ${ARG_LAYERS} PRIVATE ${ARG_LIBRARIES})
  printfleet_precompiled(printfleet_${name})
endfunction()
