# What `cmake --install` puts where. The programs find share/printfleet beside their own bin/, so any
# prefix works, and DESTDIR. systemd reads units below /usr/lib, /usr/local/lib and /etc.
include(GNUInstallDirs)
set(share ${CMAKE_INSTALL_DATADIR}/printfleet)

install(TARGETS printfleet printer-sim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES config/models.yaml config/error_codes.yaml config/configuration.schema.json
  DESTINATION ${share})
install(DIRECTORY schema DESTINATION ${share} FILES_MATCHING PATTERN "*.sql" PATTERN "*.json"
  PATTERN "asyncapi.yaml")
install(DIRECTORY config/ DESTINATION ${share}/examples FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY deploy/prometheus deploy/grafana DESTINATION ${share}
  PATTERN "*_test.yml" EXCLUDE PATTERN "*.py" EXCLUDE PATTERN "__pycache__" EXCLUDE)
install(DIRECTORY deploy/manual DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES deploy/systemd/printfleet.sysusers.conf DESTINATION lib/sysusers.d
  RENAME printfleet.conf)

# Units name the prefix, which is known only then.
install(CODE "set(PRINTFLEET_UNITS \"${CMAKE_SOURCE_DIR}/deploy/systemd\")
set(PRINTFLEET_DRAFTS \"${CMAKE_BINARY_DIR}/systemd\")
set(PRINTFLEET_BINDIR \"${CMAKE_INSTALL_BINDIR}\")
set(PRINTFLEET_DOCDIR \"${CMAKE_INSTALL_DOCDIR}\")")
install(SCRIPT cmake/InstallUnits.cmake)
