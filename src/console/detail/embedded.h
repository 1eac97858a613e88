// console/detail/embedded.h: the table of the page's files that the build links into the program. The table itself is
// generated (ui/scripts/build.mjs); the bytes come from an assembler file with .incbin.
#pragma once
#include <cstddef>

namespace mamori::console::detail {

struct EmbeddedFile {
  const char* path;  // below /ui/, without a leading slash: "assets/index-1a2b3c.js"
  const char* content_type;
  const char* etag;          // quoted, of the unpacked bytes
  const char* gzip_begin;    // as stored: gzip, level 9
  const char* gzip_end;      // one past
  std::size_t bytes;         // unpacked
  bool content_in_its_name;  // the name carries a hash of the content, so it may be cached for ever
};

extern const EmbeddedFile kEmbedded[];
extern const unsigned kEmbeddedCount;

}  // namespace mamori::console::detail
