/* dicom/pixels_lossless.c - JPEG lossless and JPEG of 12 bits: what a frame is by its markers, the file the
 * helper gets, and the one that comes back. */
#include "codec/dicom_head.h"
#include "codec/dicom_image.h"
#include "dicom/pixels_int.h"

enum { FILE_ROOM = 2048 };

/* ---- the frame's own markers (ITU-T T.81 B.2) ---- */

enum { M_SOI = 0xd8, M_EOI = 0xd9, M_SOS = 0xda, M_DHT = 0xc4, M_JPG = 0xc8, M_DAC = 0xcc, M_SOF3 = 0xc3 };

static uint32_t word16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static bool is_frame(unsigned marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != M_DHT && marker != M_JPG && marker != M_DAC;
}

/* p: the frame's header after its length: bits, rows, columns, samples. */
static enum err fits(struct req *rq, const struct pixel_form *f, unsigned marker, const unsigned char *p)
{
    bool lossless = !str_eq(f->syntax, S("1.2.840.10008.1.2.4.51"));
    bool process = lossless ? marker == M_SOF3 : marker <= 0xc1;
    bool same = word16(p + 1) == f->rows && word16(p + 3) == f->columns && p[5] == f->samples
                && p[0] >= 2 && p[0] <= 16 && p[0] <= f->bits_allocated;
    return process && same ? OK : FAIL(rq, E_SYNTAX, "JPEG frame of another form");
}

/* Refuses what is not this form, before anybody takes memory for it. */
static enum err check_frame(struct req *rq, const struct pixel_form *f, struct str bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t at = 2;
    if (bytes.n < 4 || p[0] != 0xff || p[1] != M_SOI) {
        return FAIL(rq, E_SYNTAX, "no JPEG frame");
    }
    while (at + 4 <= bytes.n && p[at] == 0xff) {
        unsigned marker = p[at + 1];
        if (marker == 0xff) { /* filling */
            at++;
            continue;
        }
        size_t size = word16(p + at + 2);
        if (marker == M_SOS || marker == M_EOI || size < 2 || at + 2 + size > bytes.n) {
            break;
        }
        if (is_frame(marker)) {
            return size >= 8 ? fits(rq, f, marker, p + at + 4) : FAIL(rq, E_SYNTAX, "JPEG frame header");
        }
        at += 2 + size;
    }
    return FAIL(rq, E_SYNTAX, "JPEG frame without its header");
}

/* ---- a file for the helper ---- */

static void put_number(struct buf *b, uint32_t element, uint32_t v)
{
    dicom_put_u16(b, 0x0028);
    dicom_put_u16(b, element);
    BUF_LIT(b, "US");
    dicom_put_u16(b, 2);
    dicom_put_u16(b, v);
}

static void put_item(struct buf *b, uint32_t element, uint32_t n)
{
    dicom_put_u16(b, 0xfffe);
    dicom_put_u16(b, element);
    dicom_put_u32(b, n);
}

enum err pixels_file_write(struct req *rq, const struct pixel_form *f, struct str frame, struct str *ret_file)
{
    const struct dicom_meta meta = {.sop_class = S("1.2.840.10008.5.1.4.1.1.7"), /* Secondary Capture */
                                    .sop_instance = S("2.25.1"),
                                    .syntax = f->syntax};
    struct buf b;

    if (frame.n > UINT32_MAX - FILE_ROOM) {
        return FAIL(rq, E_TOO_LARGE, "JPEG frame");
    }
    buf_init(&b, rq->a, frame.n + FILE_ROOM);
    dicom_head_write(&b, &meta);
    dicom_put_text(&b, 0x00080016, "UI", meta.sop_class);
    dicom_put_text(&b, 0x00080018, "UI", meta.sop_instance);
    put_number(&b, 0x02, f->samples);
    dicom_put_text(&b, 0x00280004, "CS", f->samples == 3 ? S("RGB") : S("MONOCHROME2"));
    if (f->samples > 1) {
        put_number(&b, 0x06, 0);
    }
    put_number(&b, 0x10, f->rows);
    put_number(&b, 0x11, f->columns);
    put_number(&b, 0x100, f->bits_allocated);
    put_number(&b, 0x101, f->bits_stored);
    put_number(&b, 0x102, f->high_bit);
    put_number(&b, 0x103, f->is_signed);
    BUF_LIT(&b, "\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff");
    put_item(&b, 0xe000, 0);
    put_item(&b, 0xe000, (uint32_t)(frame.n + frame.n % 2));
    buf_str(&b, frame);
    if (frame.n % 2 != 0) {
        buf_char(&b, 0);
    }
    put_item(&b, 0xe0dd, 0);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_file = buf_get(&b);
    return OK;
}

/* ---- the file that comes back ---- */

enum err pixels_file_read(struct req *rq, const struct pixel_form *form, struct str file,
                          struct pixels_words *ret_words)
{
    struct dicom_file f;
    struct dicom_image m;

    TRY(dicom_file_open(rq, file, NULL, &f));
    TRY(dicom_image_read(rq, &f, 0, &m));
    size_t n = pixels_count(form) * (m.bits_allocated / 8);
    bool ok = !f.encapsulated && !f.deflated && !f.big_endian && f.pixels_tag == DICOM_TAG_PIXELS
              && m.frames == 1 && m.rows == form->rows && m.columns == form->columns
              && m.samples == form->samples && (m.samples == 1 || m.planar == 0)
              && (m.bits_allocated == 8 || m.bits_allocated == 16) && f.pixels.n == n + n % 2;
    if (!ok) {
        return FAIL(rq, E_SYNTAX, "JPEG frame: decoded to another form");
    }
    *ret_words = (struct pixels_words){.bits = m.bits_allocated, .bytes = str_sub(f.pixels, 0, n)};
    return OK;
}

enum err pixels_lossless(struct req *rq, const struct pixel_form *f, struct str bytes, int32_t *out,
                         bool *ret_rgb)
{
    struct pixel_form native = *f;
    struct pixels_words words;

    TRY(check_frame(rq, f, bytes));
    if (f->helper == NULL) {
        return FAIL(rq, E_NOT_ACCEPT,
                    "JPEG lossless and 12-bit JPEG are drawn with the program dcmdjpeg (dcmtk), which "
                    "this server does not have");
    }
    TRY(pixels_help(rq, f, bytes, &words));
    native.bits_allocated = words.bits;
    native.planar = false;
    native.photometric = (struct str){0}; /* each sample in full, whatever the data set says */
    return pixels_native(rq, &native, words.bytes, out, ret_rgb);
}
