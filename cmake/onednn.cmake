# oneDNN, a peer of the bench: its C interface of version 2 or 3, with threads
# by OpenMP, which are those that the bench can count. CMAKE_PREFIX_PATH names
# another one than the system's.
set(wanted "${SRNN_ONEDNN}")
find_path(SRNN_ONEDNN_HEADERS oneapi/dnnl/dnnl_version.h)
mark_as_advanced(SRNN_ONEDNN_HEADERS)
if(wanted AND SRNN_ONEDNN_HEADERS)
  file(STRINGS ${SRNN_ONEDNN_HEADERS}/oneapi/dnnl/dnnl_version.h major
    REGEX "define DNNL_VERSION_MAJOR")
  string(REGEX REPLACE "[^0-9]" "" major "${major}")
  file(STRINGS ${SRNN_ONEDNN_HEADERS}/oneapi/dnnl/dnnl_config.h threads
    REGEX "define DNNL_CPU_THREADING_RUNTIME ")
  string(REGEX REPLACE ".*DNNL_RUNTIME_" "" threads "${threads}")
  if(NOT "${major} ${threads}" MATCHES "^[23] OMP$")
    srnn_missing(${wanted}
      "oneDNN of version 2 or 3 with OpenMP (here is ${major} with ${threads})"
      "the peer oneDNN (SRNN_ONEDNN)")
    set(wanted OFF)
  endif()
endif()
srnn_find(onednn "${wanted}" libdnnl-dev "the peer oneDNN (SRNN_ONEDNN)"
  oneapi/dnnl/dnnl.h dnnl)
