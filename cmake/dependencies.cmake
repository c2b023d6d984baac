# The parts that others make. Each becomes a target dep_<name>, which defines
# SRNN_HAVE_<NAME>, or a message that says what goes without it.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# What to do where a part is missing: an error where it was asked for.
function(srnn_missing option package what)
  set(text "${package} is not here: built without ${what}")
  if(option STREQUAL ON)
    message(FATAL_ERROR "${text}, which was asked for")
  endif()
  message(NOTICE "-- ${text}")
endfunction()

# srnn_find(<name> <option> <package> <what> <header> [<library> ...])
function(srnn_find name option package what header)
  if(NOT option)
    return()
  endif()
  find_path(SRNN_${name}_INCLUDE ${header} PATH_SUFFIXES ${name})
  mark_as_advanced(SRNN_${name}_INCLUDE)
  set(found ${SRNN_${name}_INCLUDE})
  foreach(library IN LISTS ARGN)
    find_library(SRNN_${name}_${library} ${library})
    mark_as_advanced(SRNN_${name}_${library})
    list(APPEND libraries ${SRNN_${name}_${library}})
    if(NOT SRNN_${name}_${library})
      set(found FALSE)
    endif()
  endforeach()
  if(NOT found)
    srnn_missing(${option} ${package} "${what}")
    return()
  endif()
  add_library(dep_${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(dep_${name} SYSTEM INTERFACE
    ${SRNN_${name}_INCLUDE})
  target_link_libraries(dep_${name} INTERFACE ${libraries})
  string(TOUPPER ${name} upper)
  target_compile_definitions(dep_${name} INTERFACE SRNN_HAVE_${upper})
endfunction()

srnn_find(jansson "${SRNN_IO}" libjansson-dev "model files (SRNN_IO)"
  jansson.h jansson)
if(SRNN_EXAMPLES)
  # cairo draws lines and text on PNG and on SVG alike; libpng has only pixels.
  srnn_find(cairo "${SRNN_CAIRO}" libcairo2-dev
    "the examples' pictures (SRNN_CAIRO)" cairo.h cairo)
endif()
srnn_find(sleef "${SRNN_SLEEF}" libsleef-dev "SLEEF (SRNN_SLEEF)"
  sleef.h sleef)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  srnn_find(xsmm "${SRNN_XSMM}" libxsmm-dev "libxsmm (SRNN_XSMM)"
    libxsmm.h xsmm xsmmnoblas)
  if(TARGET dep_xsmm)
    target_link_libraries(dep_xsmm INTERFACE Threads::Threads dl m)
  endif()
endif()
if(SRNN_TESTS AND NOT CMAKE_CROSSCOMPILING)
  srnn_find(random123 "${SRNN_RANDOM123}" librandom123-dev
    "the oracle of Philox (SRNN_RANDOM123)" Random123/philox.h)
endif()

if(SRNN_TESTS OR SRNN_BENCH)
  include(cmake/onednn.cmake)
endif()

if(SRNN_BENCH)
  find_package(benchmark QUIET)
  if(NOT benchmark_FOUND)
    srnn_missing(${SRNN_BENCH} libbenchmark-dev "the bench (SRNN_BENCH)")
  endif()
endif()

# What the bench sets beside us.
if(benchmark_FOUND)
  srnn_find(openblas "${SRNN_PEERS}" libopenblas-dev
    "the peer OpenBLAS (SRNN_PEERS)" cblas.h openblas)
  # Only gcc finds libmvec's functions by itself, in a loop for this machine.
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64 AND NOT CMAKE_CROSSCOMPILING
      AND CMAKE_C_COMPILER_ID STREQUAL GNU)
    include(CheckLibraryExists)
    check_library_exists(mvec _ZGVdN8v_tanhf "" SRNN_HAS_MVEC)
    if(SRNN_HAS_MVEC)
      srnn_find(mvec "${SRNN_PEERS}" libc6-dev "the peer libmvec (SRNN_PEERS)"
        math.h mvec)
    endif()
  endif()
endif()
