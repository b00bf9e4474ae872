/* codec/dicom_testing.h - DICOM files made for tests of the DICOM modules. Include from *_test.c only. */
#pragma once

#include <string.h>

#include "codec/dicom_file.h"

static struct req rq;
static const size_t file_cap = 4 << 20;

static int testing_begin(void **state)
{
    (void)state;
    req_init(&rq, 64u << 20, (struct instant){0});
    return 0;
}

static int testing_end(void **state)
{
    (void)state;
    req_done(&rq);
    return 0;
}

/* A file under construction. */
struct file {
    struct buf b;
    bool implicit;
    bool big;
};

UNUSED static void put16(struct file *f, unsigned v)
{
    char le[2] = {(char)(v & 255), (char)(v >> 8)};
    char be[2] = {(char)(v >> 8), (char)(v & 255)};
    buf_bytes(&f->b, f->big ? be : le, 2);
}

UNUSED static void put32(struct file *f, uint32_t v)
{
    put16(f, f->big ? v >> 16 : v & 0xffff);
    put16(f, f->big ? v & 0xffff : v >> 16);
}

UNUSED static void put_head(struct file *f, uint32_t tag, const char *vr, uint32_t len)
{
    put16(f, tag >> 16);
    put16(f, tag & 0xffff);
    if (f->implicit || tag >> 16 == 0xfffe) {
        put32(f, len);
        return;
    }
    buf_bytes(&f->b, vr, 2);
    if (strstr("OB OD OF OL OV OW SQ SV UC UN UR UT UV", vr) != NULL) {
        put16(f, 0);
        put32(f, len);
    } else {
        put16(f, len);
    }
}

UNUSED static void put_text(struct file *f, uint32_t tag, const char *vr, struct str s)
{
    put_head(f, tag, vr, (uint32_t)(s.n + s.n % 2));
    buf_str(&f->b, s);
    if (s.n % 2 != 0) {
        buf_char(&f->b, strcmp(vr, "UI") == 0 ? '\0' : ' ');
    }
}

UNUSED static void file_begin(struct file *f, struct str syntax)
{
    *f = (struct file){.implicit = false};
    buf_init(&f->b, rq.a, file_cap);
    for (int i = 0; i < 128; i++) {
        buf_char(&f->b, 0);
    }
    BUF_LIT(&f->b, "DICM");
    put_head(f, 0x00020000, "UL", 4);
    put32(f, 0);
    put_head(f, 0x00020001, "OB", 2);
    put16(f, 0x0100);
    if (syntax.n > 0) {
        put_text(f, 0x00020010, "UI", syntax);
    }
    f->implicit = str_eq(syntax, S("1.2.840.10008.1.2"));
    f->big = str_eq(syntax, S("1.2.840.10008.1.2.2"));
}

UNUSED static void put_u16(struct file *f, uint32_t tag, unsigned v)
{
    put_head(f, tag, "US", 2);
    put16(f, v);
}

/* An item, or the end of one or of a sequence. */
UNUSED static void put_item(struct file *f, uint32_t element, uint32_t len)
{
    put_head(f, 0xfffe0000 | element, "", len);
}

enum { ITEM = 0xe000, ITEM_END = 0xe00d, SEQUENCE_END = 0xe0dd };
