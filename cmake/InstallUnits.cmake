# Run by `cmake --install`: units are templates, and what they have in common stands in two files.
foreach(common IN ITEMS service hardening)
  file(READ ${PRINTFLEET_UNITS}/${common}.conf ${common})
  string(STRIP "${${common}}" ${common})
endforeach()
set(bindir ${CMAKE_INSTALL_PREFIX}/${PRINTFLEET_BINDIR})
set(docdir ${CMAKE_INSTALL_PREFIX}/${PRINTFLEET_DOCDIR})
file(GLOB templates ${PRINTFLEET_UNITS}/*.service.in)
foreach(template IN LISTS templates)
  cmake_path(GET template STEM LAST_ONLY name)
  configure_file(${template} ${PRINTFLEET_DRAFTS}/${name} @ONLY)
  file(INSTALL DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system TYPE FILE
    FILES ${PRINTFLEET_DRAFTS}/${name})
endforeach()
