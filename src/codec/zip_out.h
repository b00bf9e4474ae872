/* codec/zip_out.h - the frame of a ZIP archive whose files stand in it as they are (APPNOTE 6.3.3, method 0).
 *
 * The bytes of the files are the caller's to place: header, bytes, header, bytes, ..., directory. Whole
 * archives stay below 4 GiB. */
#pragma once

#include "base/buf.h"

struct zip_entry {
    struct str name; /* ASCII, "/" between folders */
    uint32_t crc;    /* of its bytes: zip_crc() */
    uint32_t size;
    uint32_t at;     /* offset of its header in the archive */
};

#define ZIP_MAX UINT32_C(0xfffffffe)
enum { ZIP_ENTRIES_MAX = 65534 };

/* CRC-32 of more bytes; 0 at first. */
uint32_t zip_crc(uint32_t crc, struct str bytes);
void zip_put_header(struct buf *b, const struct zip_entry *e);
/* The directory, at offset at of the archive. */
void zip_put_directory(struct buf *b, const struct zip_entry *entries, size_t n, uint32_t at);
