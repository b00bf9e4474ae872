/* dicom/picture_file.c - pictures as JPEG and PNG files, by libjpeg-turbo and libpng. */
#include <stdio.h>

#include <jpeglib.h>
#include <png.h>

#include "dicom/picture.h"

enum { JPEG_CAP = 64 * 1024 * 1024, CHUNK = 8192 };

struct sink {
    struct jpeg_destination_mgr mgr; /* FIRST */
    struct buf *out;
    JOCTET waste[CHUNK]; /* the builder is full: what follows goes here */
};

static void sink_room(struct sink *s)
{
    char *p = buf_room(s->out, CHUNK);
    s->mgr.next_output_byte = p != NULL ? (JOCTET *)p : s->waste;
    s->mgr.free_in_buffer = CHUNK;
}

static void sink_init(j_compress_ptr c)
{
    sink_room((struct sink *)(void *)c->dest);
}

static boolean sink_full(j_compress_ptr c)
{
    struct sink *s = (struct sink *)(void *)c->dest;
    s->out->n += s->out->failed ? 0 : CHUNK;
    sink_room(s);
    return TRUE;
}

static void sink_end(j_compress_ptr c)
{
    struct sink *s = (struct sink *)(void *)c->dest;
    s->out->n += s->out->failed ? 0 : CHUNK - s->mgr.free_in_buffer;
}

/* Only our own mistakes get here: sizes and parameters are ours. */
NORETURN static void jpeg_failed(j_common_ptr c)
{
    (void)c;
    assert_failed(__FILE__, __LINE__, "libjpeg takes our parameters");
}

enum err picture_jpeg(struct req *rq, const struct picture *pic, uint32_t quality,
                      struct str *ret_bytes)
{
    struct jpeg_compress_struct c = {0};
    struct jpeg_error_mgr err;
    struct buf out;
    struct sink sink = {.out = &out};

    buf_init(&out, rq->a, JPEG_CAP);
    c.err = jpeg_std_error(&err);
    err.error_exit = jpeg_failed;
    jpeg_create_compress(&c);
    sink.mgr.init_destination = sink_init;
    sink.mgr.empty_output_buffer = sink_full;
    sink.mgr.term_destination = sink_end;
    c.dest = &sink.mgr;
    c.image_width = pic->width;
    c.image_height = pic->height;
    c.input_components = (int)pic->samples;
    c.in_color_space = pic->samples == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, (int)quality, TRUE);
    jpeg_start_compress(&c, TRUE);
    size_t width = (size_t)pic->width * pic->samples;
    while (c.next_scanline < c.image_height) {
        union {
            const uint8_t *in;
            JSAMPROW row; /* only read */
        } line = {.in = pic->v + c.next_scanline * width};
        (void)jpeg_write_scanlines(&c, &line.row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    if (!buf_ok(&out)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_bytes = buf_get(&out);
    return OK;
}

enum err picture_png(struct req *rq, const struct picture *pic, struct str *ret_bytes)
{
    png_image m = {.version = PNG_IMAGE_VERSION,
                   .width = pic->width,
                   .height = pic->height,
                   .format = pic->samples == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY,
                   .flags = PNG_IMAGE_FLAG_FAST};
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(m);
    char *out = arena_alloc_raw(rq->a, n);

    TRY_MEM(rq, out);
    if (!png_image_write_to_memory(&m, out, &n, 0, pic->v, 0, NULL)) {
        return FAIL(rq, E_TOO_LARGE, "picture: %s", m.message);
    }
    *ret_bytes = (struct str){out, n};
    return OK;
}
