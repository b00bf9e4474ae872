/* app/demo_dicom.c - DICOM files (PS3.10) of the demo: explicit VR little endian. See demo_file.h. */
#include "app/demo_file.h"

#include "app/demo_pixel.h"
#include "codec/dicom_file.h"
#include "codec/dicom_head.h"

struct image_kind {
    const char *sop_class;
    const char *modality;
    const char *body_part;
    const char *study_text;
    const char *series_text;
    const char *type;
    uint16_t rows;
    uint16_t columns;
    uint16_t bits; /* stored */
    const char *centre;
    const char *width;
    const char *spacing;
};

static const struct image_kind kinds[] = {
    [DEMO_IMAGE_CT] = {"1.2.840.10008.5.1.4.1.1.2", "CT", "HEAD", "CT head", "Axial 5 mm",
                       "ORIGINAL\\PRIMARY\\AXIAL", 512, 512, 12, "40", "90", "0.45\\0.45"},
    [DEMO_IMAGE_CR] = {"1.2.840.10008.5.1.4.1.1.1", "CR", "CHEST", "Chest", "PA",
                       "ORIGINAL\\PRIMARY", 896, 896, 12, "2048", "4096", "0.40\\0.40"},
    [DEMO_IMAGE_US] = {"1.2.840.10008.5.1.4.1.1.6.1", "US", "ABDOMEN", "Ultrasound", "B mode",
                       "ORIGINAL\\PRIMARY", 480, 640, 8, "128", "256", "0.30\\0.30"},
};

enum { HEAD_CAP = 16 * 1024, SLICES = 24 };

/* ---- elements, PS3.5 7.1.2 ---- */

static void head(struct buf *b, uint32_t tag, const char vr[3])
{
    dicom_put_u16(b, tag >> 16);
    dicom_put_u16(b, tag & 0xFFFF);
    buf_bytes(b, vr, 2);
}

static void us(struct buf *b, uint32_t tag, unsigned v)
{
    head(b, tag, "US");
    dicom_put_u16(b, 2);
    dicom_put_u16(b, v);
}

static void number(struct buf *b, uint32_t tag, struct req *rq, uint64_t v)
{
    struct buf t;
    buf_init(&t, rq->a, 32);
    buf_u64(&t, v);
    dicom_put_text(b, tag, "IS", buf_get(&t));
}

/* ---- identifiers: 2.25 and a UUID as a decimal number (PS3.5 B.2) ---- */

static struct str uid(struct req *rq, uint64_t seed, const char *what, uint64_t part)
{
    struct demo_random r = {seed * 31 + part * 1000003 + str_hash(str_z(what))};
    uint8_t bytes[16];
    char text[DICOM_UUID_UID];
    struct buf b;
    for (size_t i = 0; i < sizeof(bytes); i += 4) {
        uint32_t word = (uint32_t)demo_next(&r);
        for (size_t k = 0; k < 4; k++) {
            bytes[i + k] = (uint8_t)(word >> (24 - 8 * k));
        }
    }
    buf_init(&b, rq->a, sizeof(text));
    buf_bytes(&b, text, dicom_uid_make(bytes, text));
    return buf_get(&b);
}

/* ---- the parts of a file ---- */

struct file {
    struct req *rq;
    const struct demo_ask *ask;
    const struct image_kind *kind;
    enum demo_image image;
    unsigned slice;
    struct str sop;
    struct str date; /* YYYYMMDD */
    struct str time; /* hhmmss */
};

static void times_fill(struct file *f)
{
    struct civil c = instant_civil(f->ask->at, f->ask->offset_min);
    struct buf d;
    struct buf t;
    buf_init(&d, f->rq->a, 16);
    buf_u64_pad(&d, (uint64_t)c.year, 4);
    buf_u64_pad(&d, (uint64_t)c.month, 2);
    buf_u64_pad(&d, (uint64_t)c.day, 2);
    buf_init(&t, f->rq->a, 16);
    buf_u64_pad(&t, (uint64_t)c.hour, 2);
    buf_u64_pad(&t, (uint64_t)c.minute, 2);
    buf_u64_pad(&t, (uint64_t)c.second, 2);
    f->date = buf_get(&d);
    f->time = buf_get(&t);
}

static struct str date_compact(struct req *rq, struct str iso)
{
    struct buf b;
    buf_init(&b, rq->a, 16);
    for (size_t i = 0; i < iso.n && i < 10; i++) {
        if (iso.p[i] != '-') {
            buf_char(&b, iso.p[i]);
        }
    }
    return buf_get(&b).n == 8 ? buf_get(&b) : S("");
}

/* At most n bytes, not cut inside a character. */
static struct str cut(struct str s, size_t n)
{
    size_t end = MIN(s.n, n);
    while (end > 0 && end < s.n && ((unsigned char)s.p[end] & 0xC0) == 0x80) {
        end--;
    }
    return str_sub(s, 0, end);
}

static void study_write(struct file *f, struct buf *b)
{
    const struct image_kind *k = f->kind;
    const struct demo_patient *p = &f->ask->patient;
    dicom_put_text(b, 0x00080005, "CS", S("ISO_IR 192"));
    dicom_put_text(b, 0x00080008, "CS", str_z(k->type));
    dicom_put_text(b, 0x00080016, "UI", str_z(k->sop_class));
    dicom_put_text(b, 0x00080018, "UI", f->sop);
    dicom_put_text(b, 0x00080020, "DA", f->date);
    dicom_put_text(b, 0x00080021, "DA", f->date);
    dicom_put_text(b, 0x00080023, "DA", f->date);
    dicom_put_text(b, 0x00080030, "TM", f->time);
    dicom_put_text(b, 0x00080033, "TM", f->time);
    dicom_put_text(b, 0x00080050, "SH", S(""));
    dicom_put_text(b, 0x00080060, "CS", str_z(k->modality));
    dicom_put_text(b, 0x00080070, "LO", S("Consilium demo"));
    dicom_put_text(b, 0x00080080, "LO", cut(f->ask->organization, 64));
    dicom_put_text(b, 0x00080090, "PN", S(""));
    dicom_put_text(b, 0x00081030, "LO", str_z(k->study_text));
    dicom_put_text(b, 0x0008103E, "LO", str_z(k->series_text));
    dicom_put_text(b, 0x00100010, "PN", p->dicom_name);
    dicom_put_text(b, 0x00100020, "LO", p->id);
    dicom_put_text(b, 0x00100030, "DA", date_compact(f->rq, p->birth_date));
    dicom_put_text(b, 0x00100040, "CS", p->female ? S("F") : S("M"));
    dicom_put_text(b, 0x00180015, "CS", str_z(k->body_part));
}

static struct str slice_place(struct file *f, bool whole)
{
    struct buf b;
    buf_init(&b, f->rq->a, 64);
    if (whole) {
        BUF_LIT(&b, "-115\\-115\\");
    }
    buf_u64(&b, f->slice * 5);
    return buf_get(&b);
}

static void series_write(struct file *f, struct buf *b)
{
    uint64_t seed = f->ask->seed;
    if (f->image == DEMO_IMAGE_CT) {
        dicom_put_text(b, 0x00180050, "DS", S("5"));
        dicom_put_text(b, 0x00180060, "DS", S("120"));
    }
    if (f->image == DEMO_IMAGE_CR) {
        dicom_put_text(b, 0x00185101, "CS", S("PA"));
    }
    dicom_put_text(b, 0x0020000D, "UI", uid(f->rq, seed, "study", f->image));
    dicom_put_text(b, 0x0020000E, "UI", uid(f->rq, seed, "series", f->image));
    dicom_put_text(b, 0x00200010, "SH", S("1"));
    number(b, 0x00200011, f->rq, 1);
    number(b, 0x00200013, f->rq, f->slice);
    if (f->image == DEMO_IMAGE_CT) {
        dicom_put_text(b, 0x00200032, "DS", slice_place(f, true));
        dicom_put_text(b, 0x00200037, "DS", S("1\\0\\0\\0\\1\\0"));
        dicom_put_text(b, 0x00200052, "UI", uid(f->rq, seed, "frame", f->image));
        dicom_put_text(b, 0x00201041, "DS", slice_place(f, false));
    }
}

static void pixel_head_write(struct file *f, struct buf *b)
{
    const struct image_kind *k = f->kind;
    us(b, 0x00280002, 1);
    dicom_put_text(b, 0x00280004, "CS", S("MONOCHROME2"));
    us(b, 0x00280010, k->rows);
    us(b, 0x00280011, k->columns);
    dicom_put_text(b, 0x00280030, "DS", str_z(k->spacing));
    us(b, 0x00280100, k->bits > 8 ? 16 : 8);
    us(b, 0x00280101, k->bits);
    us(b, 0x00280102, k->bits - 1U);
    us(b, 0x00280103, 0);
    dicom_put_text(b, 0x00281050, "DS", str_z(k->centre));
    dicom_put_text(b, 0x00281051, "DS", str_z(k->width));
    dicom_put_text(b, 0x00281052, "DS", f->image == DEMO_IMAGE_CT ? S("-1024") : S("0"));
    dicom_put_text(b, 0x00281053, "DS", S("1"));
}

/* ---- the picture ---- */

static double grain(struct demo_random *r, double amount)
{
    return amount * (demo_between(r, -1, 1) + demo_between(r, -1, 1) + demo_between(r, -1, 1)) / 3;
}

static double value_at(const struct file *f, const struct demo_scene *s, struct demo_random *r,
                       double x, double y)
{
    double v = 0;
    switch (f->image) {
    case DEMO_IMAGE_CT:
        v = demo_head(s, x, y, (double)(f->slice % SLICES) / SLICES) + 1024 + grain(r, 14);
        break;
    case DEMO_IMAGE_CR: v = (demo_chest(s, x, y) + grain(r, 0.025)) * 4095; break;
    case DEMO_IMAGE_US:
        v = demo_sector(s, x * 1.33, y);
        v = v < 0 ? 0 : v * demo_between(r, 0.25, 1.1) * 255;
        break;
    case DEMO_IMAGE_COUNT: break;
    }
    double most = (double)((1U << f->kind->bits) - 1);
    return v < 0 ? 0 : v > most ? most : v;
}

static void pixels_write(struct file *f, struct buf *b)
{
    const struct image_kind *k = f->kind;
    struct demo_scene s = demo_scene(f->ask->seed);
    struct demo_random r = {f->ask->seed + f->slice};
    bool wide = k->bits > 8;
    size_t n = (size_t)k->rows * k->columns * (wide ? 2 : 1);
    head(b, 0x7FE00010, wide ? "OW" : "OB");
    dicom_put_u16(b, 0);
    dicom_put_u32(b, (uint32_t)n);
    char *p = buf_room(b, n);
    if (p == NULL) {
        return;
    }
    for (unsigned row = 0; row < k->rows; row++) {
        for (unsigned col = 0; col < k->columns; col++) {
            unsigned v = (unsigned)value_at(f, &s, &r, 2.0 * col / k->columns - 1,
                                            2.0 * row / k->rows - 1);
            *p++ = (char)(v & 0xFF);
            if (wide) {
                *p++ = (char)(v >> 8);
            }
        }
    }
    b->n += n;
}

enum err demo_dicom(struct req *rq, const struct demo_ask *ask, enum demo_image image,
                    unsigned slice, struct str *ret_bytes)
{
    struct file f = {rq, ask, &kinds[image], image, slice, {0}, {0}, {0}};
    struct buf b;
    size_t pixels = (size_t)f.kind->rows * f.kind->columns * (f.kind->bits > 8 ? 2 : 1);
    buf_init(&b, rq->a, HEAD_CAP + pixels);
    if (buf_room(&b, HEAD_CAP + pixels) == NULL) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    f.sop = uid(rq, ask->seed, "instance", (uint64_t)image * 1000 + slice);
    times_fill(&f);
    dicom_head_write(&b, &(struct dicom_meta){.sop_class = str_z(f.kind->sop_class), .sop_instance = f.sop,
                                              .syntax = S("1.2.840.10008.1.2.1")});
    study_write(&f, &b);
    series_write(&f, &b);
    pixel_head_write(&f, &b);
    pixels_write(&f, &b);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_bytes = buf_get(&b);
    return OK;
}
