# The web page, built by npm once for all presets (ui/dist) and linked into the program.
find_program(MAMORI_NODE NAMES node nodejs)
if(NOT MAMORI_NODE)
  message(FATAL_ERROR "node is missing; the web page is built with it. Install it: sudo apt-get install nodejs npm")
endif()
file(GLOB_RECURSE ui_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/ui/src/* ${CMAKE_SOURCE_DIR}/ui/public/*)
list(APPEND ui_sources ${CMAKE_SOURCE_DIR}/ui/index.html ${CMAKE_SOURCE_DIR}/ui/package.json
     ${CMAKE_SOURCE_DIR}/ui/package-lock.json ${CMAKE_SOURCE_DIR}/ui/tsconfig.json ${CMAKE_SOURCE_DIR}/ui/vite.config.ts
     ${CMAKE_SOURCE_DIR}/ui/scripts/build.mjs)
set(ui_out ${CMAKE_CURRENT_BINARY_DIR})
add_custom_command(
  OUTPUT ${ui_out}/ui_assets.S ${ui_out}/ui_assets_table.cc
  COMMAND ${MAMORI_NODE} ${CMAKE_SOURCE_DIR}/ui/scripts/build.mjs ${ui_out}
  DEPENDS ${ui_sources}
  COMMENT "Building the web page"
  VERBATIM)
add_custom_target(ui DEPENDS ${ui_out}/ui_assets.S ${ui_out}/ui_assets_table.cc)
# The assembler file names the packed files by .incbin, which no dependency scanner sees.
set_source_files_properties(${ui_out}/ui_assets.S PROPERTIES OBJECT_DEPENDS ${ui_out}/ui_assets_table.cc)
