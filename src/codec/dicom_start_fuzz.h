/* codec/dicom_start_fuzz.h - a right start before any bytes, for fuzz targets of DICOM files. */
#pragma once

#include "codec/dicom.h"

/* A file whose data set is input without its first byte, which chooses the transfer syntax. Empty when
 * input is, or when there is no memory. */
static UNUSED struct str dicom_with_start(struct req *rq, struct str input)
{
    static const struct str syntaxes[] = {
        SI("1.2.840.10008.1.2\0"),     SI("1.2.840.10008.1.2.1\0"),    SI("1.2.840.10008.1.2.2\0"),
        SI("1.2.840.10008.1.2.4.50"), SI("1.2.840.10008.1.2.1.99"),
    };
    static const char zeros[128];
    struct buf b;
    buf_init(&b, rq->a, input.n + 1000);
    if (input.n > 0) {
        struct str syntax = syntaxes[(unsigned char)input.p[0] % LEN(syntaxes)];
        buf_bytes(&b, zeros, sizeof(zeros));
        BUF_LIT(&b, "DICM\x02\x00\x10\x00UI");
        buf_char(&b, (char)syntax.n);
        buf_char(&b, 0);
        buf_str(&b, syntax);
        buf_str(&b, str_sub(input, 1, input.n));
    }
    return buf_get(&b);
}

/* The input as a file, with options; then behind a right start, with options of its first byte. */
static UNUSED void dicom_both_ways(const uint8_t *data, size_t size, unsigned options,
                                   void (*check)(struct str file, unsigned options))
{
    struct req rq;
    struct str raw = {(const char *)data, size};
    check(raw, options);
    req_init(&rq, (1 << 20) + size * 3, (struct instant){0});
    struct str file = dicom_with_start(&rq, raw);
    if (file.n > 0) {
        check(file, data[0] / 5);
    }
    req_done(&rq);
}
