# The libraries: simdrnn in its two forms from one set of objects, its double
# twin for the tests, model files, and the overlays.

# srnn_library(<name> <objects> [LIBS <library> ...]): <name>_static and
# <name>_shared, known outside as simdrnn::<name>_static and simdrnn::<name>.
function(srnn_library name objects)
  cmake_parse_arguments(PARSE_ARGV 2 l "" "" LIBS)
  set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  foreach(form static shared)
    string(TOUPPER ${form} kind)
    set(target ${name}_${form})
    add_library(${target} ${kind} $<TARGET_OBJECTS:${objects}>)
    target_include_directories(${target} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
    foreach(library IN LISTS l_LIBS)
      if(TARGET ${library}_${form})
        target_link_libraries(${target} PUBLIC ${library}_${form})
      else()
        target_link_libraries(${target} PRIVATE ${library})
      endif()
    endforeach()
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}
      LINKER_LANGUAGE C)
  endforeach()
  # While the major number is 0, each minor release may break the ABI.
  set_target_properties(${name}_shared PROPERTIES
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()

add_library(simdrnn_objects OBJECT
  ${SRNN_PORTABLE} ${SRNN_CELLS} ${SRNN_SCALAR} ${SRNN_RUNG_SOURCES})
target_include_directories(simdrnn_objects PRIVATE include)
srnn_library(simdrnn simdrnn_objects LIBS m Threads::Threads)
add_library(simdrnn::simdrnn ALIAS simdrnn_shared)
add_library(simdrnn::simdrnn_static ALIAS simdrnn_static)

# The shipped sources over double, one lane.
add_library(simdrnn_f64 STATIC EXCLUDE_FROM_ALL
  ${SRNN_PORTABLE} ${SRNN_CELLS} ${SRNN_F64})
target_include_directories(simdrnn_f64 PUBLIC include)
target_compile_definitions(simdrnn_f64 PUBLIC SRNN_REAL_F64)
target_link_libraries(simdrnn_f64 PUBLIC m Threads::Threads)

if(TARGET dep_jansson AND SRNN_IO_SOURCES)
  add_library(simdrnn_io_objects OBJECT ${SRNN_IO_SOURCES})
  target_include_directories(simdrnn_io_objects PRIVATE include)
  target_link_libraries(simdrnn_io_objects PRIVATE dep_jansson)
  srnn_library(simdrnn_io simdrnn_io_objects
    LIBS simdrnn $<BUILD_INTERFACE:dep_jansson> $<INSTALL_INTERFACE:jansson>)
  add_library(simdrnn::io ALIAS simdrnn_io_shared)
  add_library(simdrnn::io_static ALIAS simdrnn_io_static)
endif()

# Overlays lay a provider's functions over a table; the bench and the tests use
# them, nothing is installed. SLEEF's is compiled once more for each rung.
foreach(provider IN LISTS SRNN_PROVIDERS)
  if(TARGET dep_${provider})
    add_library(simdrnn_${provider} STATIC kernels/overlay_${provider}.c)
    target_link_libraries(simdrnn_${provider}
      PUBLIC simdrnn_static PRIVATE dep_${provider})
  endif()
endforeach()
if(TARGET simdrnn_sleef)
  foreach(rung IN LISTS SRNN_RUNGS)
    string(TOUPPER ${rung} name)
    add_library(sleef_${rung} OBJECT kernels/overlay_sleef.c)
    target_compile_options(sleef_${rung} PRIVATE ${SRNN_FLAGS_${rung}})
    target_compile_definitions(sleef_${rung} PRIVATE SRNN_OVERLAY_${name})
    target_include_directories(sleef_${rung} PRIVATE include)
    target_link_libraries(sleef_${rung} PRIVATE dep_sleef)
    target_sources(simdrnn_sleef PRIVATE $<TARGET_OBJECTS:sleef_${rung}>)
  endforeach()
endif()
