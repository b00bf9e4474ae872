/* codec/zip_out.c - headers and directory of a ZIP archive. See zip_out.h. */
#include "codec/zip_out.h"

#include <zlib.h>

enum { VERSION = 20, DATE = 0x21 /* 1980-01-01: when means nothing here */, CRC_STEP = 1 << 30 };

static void put16(struct buf *b, uint32_t v)
{
    const unsigned char raw[2] = {(unsigned char)v, (unsigned char)(v >> 8)};
    buf_bytes(b, raw, sizeof(raw));
}

static void put32(struct buf *b, uint32_t v)
{
    put16(b, v & 0xffff);
    put16(b, v >> 16);
}

uint32_t zip_crc(uint32_t crc, struct str bytes)
{
    while (bytes.n > 0) {
        size_t n = MIN(bytes.n, (size_t)CRC_STEP);
        crc = (uint32_t)crc32(crc, (const unsigned char *)bytes.p, (uInt)n);
        bytes = str_sub(bytes, n, bytes.n);
    }
    return crc;
}

/* What the header and the directory say alike. */
static void put_facts(struct buf *b, const struct zip_entry *e)
{
    put16(b, VERSION);
    put16(b, 0); /* flags */
    put16(b, 0); /* method: stored */
    put16(b, 0); /* time */
    put16(b, DATE);
    put32(b, e->crc);
    put32(b, e->size);
    put32(b, e->size);
    put16(b, (uint32_t)e->name.n);
    put16(b, 0); /* extra */
}

void zip_put_header(struct buf *b, const struct zip_entry *e)
{
    put32(b, 0x04034b50);
    put_facts(b, e);
    buf_str(b, e->name);
}

void zip_put_directory(struct buf *b, const struct zip_entry *entries, size_t n, uint32_t at)
{
    size_t from = b->n;
    for (size_t i = 0; i < n; i++) {
        put32(b, 0x02014b50);
        put16(b, VERSION);
        put_facts(b, &entries[i]);
        put16(b, 0); /* comment */
        put16(b, 0); /* disk */
        put16(b, 0);
        put32(b, 0);
        put32(b, entries[i].at);
        buf_str(b, entries[i].name);
    }
    uint32_t size = (uint32_t)(b->n - from);
    put32(b, 0x06054b50);
    put32(b, 0); /* disks */
    put16(b, (uint32_t)n);
    put16(b, (uint32_t)n);
    put32(b, size);
    put32(b, at);
    put16(b, 0);
}
