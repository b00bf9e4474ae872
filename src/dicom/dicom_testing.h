/* dicom/dicom_testing.h - small DICOM files for tests: the tags filing looks at, and a few pixels. Include
 * from *_test.c only. */
#pragma once

#include <string.h>

#include "base/buf.h"

struct made {
    const char *study, *series, *sop; /* NULL: missing */
    const char *modality;             /* these NULL: missing */
    const char *patient_id, *name, *birth, *accession, *date, *time;
    const char *spacing, *detector;   /* DS pairs: of the body, at the detector; NULL: not said */
    const char *syntax;               /* of pixels in one fragment; NULL: they are native */
    struct str regions;               /* Sequence of Ultrasound Regions, as bytes; may be empty */
    unsigned number;                  /* of the instance */
    unsigned char pixel;              /* other bytes for another value */
};

static inline void made_16(struct buf *b, unsigned v)
{
    buf_char(b, (char)(v & 255));
    buf_char(b, (char)(v >> 8 & 255));
}

static inline void made_text(struct buf *b, unsigned group, unsigned element, const char vr[3],
                             const char *text)
{
    size_t n = text != NULL ? strlen(text) : 0;

    if (text == NULL) {
        return;
    }
    made_16(b, group);
    made_16(b, element);
    buf_bytes(b, vr, 2);
    made_16(b, (unsigned)(n + n % 2));
    buf_bytes(b, text, n);
    if (n % 2 != 0) {
        buf_char(b, memcmp(vr, "UI", 2) == 0 ? '\0' : ' ');
    }
}

static inline void made_us(struct buf *b, unsigned group, unsigned element, unsigned v)
{
    made_16(b, group);
    made_16(b, element);
    BUF_LIT(b, "US");
    made_16(b, 2);
    made_16(b, v);
}

/* An explicit little endian file of 2 x 2 pixels, UTF-8. */
static inline struct str made_file(struct arena *a, const struct made *m)
{
    struct buf b;
    struct buf meta;
    char number[12];
    size_t n = 0;

    buf_init(&meta, a, 4096);
    made_text(&meta, 2, 2, "UI", "1.2.840.10008.5.1.4.1.1.2");
    made_text(&meta, 2, 3, "UI", m->sop);
    made_text(&meta, 2, 0x10, "UI", m->syntax != NULL ? m->syntax : "1.2.840.10008.1.2.1");
    buf_init(&b, a, 8192);
    for (int i = 0; i < 128; i++) {
        buf_char(&b, 0);
    }
    BUF_LIT(&b, "DICM\2\0\0\0UL\4\0");
    made_16(&b, (unsigned)meta.n);
    made_16(&b, 0);
    buf_str(&b, buf_get(&meta));
    for (unsigned v = m->number; v > 0 || n == 0; v /= 10) {
        number[n++] = (char)('0' + v % 10);
    }
    for (size_t i = 0; i < n / 2; i++) {
        char c = number[i];
        number[i] = number[n - 1 - i];
        number[n - 1 - i] = c;
    }
    number[n] = 0;
    made_text(&b, 0x08, 0x05, "CS", "ISO_IR 192");
    made_text(&b, 0x08, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.2");
    made_text(&b, 0x08, 0x18, "UI", m->sop);
    made_text(&b, 0x08, 0x20, "DA", m->date);
    made_text(&b, 0x08, 0x30, "TM", m->time);
    made_text(&b, 0x08, 0x50, "SH", m->accession);
    made_text(&b, 0x08, 0x60, "CS", m->modality);
    made_text(&b, 0x08, 0x90, "PN", "Referring^Doctor");
    made_text(&b, 0x10, 0x10, "PN", m->name);
    made_text(&b, 0x10, 0x20, "LO", m->patient_id);
    made_text(&b, 0x10, 0x30, "DA", m->birth);
    made_text(&b, 0x18, 0x1164, "DS", m->detector);
    buf_str(&b, m->regions);
    made_text(&b, 0x20, 0x0d, "UI", m->study);
    made_text(&b, 0x20, 0x0e, "UI", m->series);
    made_text(&b, 0x20, 0x10, "SH", "S1");
    made_text(&b, 0x20, 0x11, "IS", "1");
    made_text(&b, 0x20, 0x13, "IS", number);
    made_us(&b, 0x28, 0x02, 1);
    made_text(&b, 0x28, 0x04, "CS", "MONOCHROME2");
    made_us(&b, 0x28, 0x10, 2);
    made_us(&b, 0x28, 0x11, 2);
    made_text(&b, 0x28, 0x30, "DS", m->spacing);
    made_us(&b, 0x28, 0x100, 8);
    made_us(&b, 0x28, 0x101, 8);
    made_us(&b, 0x28, 0x102, 7);
    made_us(&b, 0x28, 0x103, 0);
    if (m->syntax != NULL) { /* no offset table, one fragment */
        BUF_LIT(&b, "\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\0\0\0\0\xfe\xff\0\xe0\4\0\0\0");
    } else {
        BUF_LIT(&b, "\xe0\x7f\x10\0OB\0\0\4\0\0\0");
    }
    for (int i = 0; i < 4; i++) {
        buf_char(&b, (char)m->pixel);
    }
    if (m->syntax != NULL) {
        BUF_LIT(&b, "\xfe\xff\xdd\xe0\0\0\0\0");
    }
    return buf_get(&b);
}
