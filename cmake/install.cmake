# What another project finds: libraries, headers, a CMake package and
# pkg-config files, all movable.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/simdrnn)
set(pkgconfig ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH SRNN_PREFIX_FROM_PC
  ${CMAKE_INSTALL_PREFIX}/${pkgconfig} ${CMAKE_INSTALL_PREFIX})

# srnn_install(<name> <exported>): both forms of a library and its .pc file.
function(srnn_install name exported)
  set_property(TARGET ${name}_shared PROPERTY EXPORT_NAME ${exported})
  set_property(TARGET ${name}_static PROPERTY EXPORT_NAME ${exported}_static)
  install(TARGETS ${name}_shared ${name}_static EXPORT simdrnn
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${pkgconfig})
endfunction()

srnn_install(simdrnn simdrnn)
if(TARGET simdrnn_io_shared)
  srnn_install(simdrnn_io io)
endif()

install(DIRECTORY include/simdrnn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN *.h)
install(EXPORT simdrnn NAMESPACE simdrnn:: DESTINATION ${package}
  FILE simdrnn-targets.cmake)
configure_package_config_file(cmake/simdrnn-config.cmake.in
  simdrnn-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(simdrnn-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/simdrnn-config.cmake
  ${PROJECT_BINARY_DIR}/simdrnn-config-version.cmake DESTINATION ${package})
