/* care/mark_scale.c - what a point of an image is in the body: from the spacing of its pixels, or on
 * ultrasound images from the regions they are made of (PS3.3 C.8.5.5). See mark_int.h. */
#include "care/mark_int.h"

enum { REGIONS = 0x00186011, REGIONS_MAX = 32, CENTIMETRES = 3, LOW_PRIORITY = 1 };

/* Its pixels are from x0, y0 to x1, y1, both within. */
struct region {
    uint32_t flags, x0, y0, x1, y1, unit_x, unit_y;
    double cm_x, cm_y;
};

#define AT(field) offsetof(struct region, field)

static const struct part {
    uint32_t tag;
    bool number; /* a double, else a uint32_t */
    size_t offset;
} parts[] = {
    {0x00186016, false, AT(flags)},  {0x00186018, false, AT(x0)},     {0x0018601a, false, AT(y0)},
    {0x0018601c, false, AT(x1)},     {0x0018601e, false, AT(y1)},     {0x00186024, false, AT(unit_x)},
    {0x00186026, false, AT(unit_y)}, {0x0018602c, true, AT(cm_x)},    {0x0018602e, true, AT(cm_y)},
};

static void take(struct region *r, const struct dicom_elem *e)
{
    for (size_t i = 0; i < LEN(parts); i++) {
        char *at = (char *)r + parts[i].offset;
        if (parts[i].tag == e->tag && parts[i].number) {
            (void)!dicom_elem_double(e, 0, (double *)(void *)at);
        } else if (parts[i].tag == e->tag) {
            (void)!dicom_elem_u32(e, 0, (uint32_t *)(void *)at);
        }
    }
}

/* Regions after the first REGIONS_MAX are not looked at. */
static enum err regions_read(struct req *rq, const struct dicom_file *f, struct region *all, uint32_t *ret_n)
{
    struct dicom_walk w;
    uint32_t n = 0;

    TRY(dicom_walk_begin(rq, f, &w));
    for (;;) {
        struct dicom_elem e;
        bool has;
        TRY(dicom_walk_next(&w, &e, &has));
        if (!has || (e.depth == 0 && e.tag > REGIONS)) {
            break;
        }
        bool ours = e.tag == REGIONS && e.depth <= 1;
        if (e.kind == DICOM_ITEM && ours && n < REGIONS_MAX) {
            all[n++] = (struct region){0};
        } else if ((e.kind == DICOM_SEQUENCE && !ours) || e.kind == DICOM_ITEM) {
            TRY(dicom_walk_skip(&w));
        } else if (e.kind == DICOM_VALUE && e.depth == 1 && n > 0) {
            take(&all[n - 1], &e);
        }
    }
    *ret_n = n;
    return OK;
}

static bool within(const struct decimal *v, uint32_t from, uint32_t to)
{
    struct decimal low = decimal_from_i64(from);
    struct decimal high = decimal_from_i64((int64_t)to + 1);

    return decimal_cmp(v, &low) >= 0 && decimal_cmp(v, &high) < 0;
}

/* The region a point is in: where they overlap one of high priority, else the first; n: none. */
static uint32_t region_at(const struct region *all, uint32_t n, const struct decimal *x,
                          const struct decimal *y)
{
    uint32_t found = n;

    for (uint32_t i = 0; i < n; i++) {
        const struct region *r = &all[i];
        if (!within(x, r->x0, r->x1) || !within(y, r->y0, r->y1)) {
            continue;
        }
        if (found == n || ((all[found].flags & LOW_PRIORITY) != 0 && (r->flags & LOW_PRIORITY) == 0)) {
            found = i;
        }
    }
    return found;
}

/* A number that is no positive one gives no scale. */
static struct mark_scale millimetres(double row, double column, bool body)
{
    struct mark_scale s = {.row = decimal_from_i64(1), .column = decimal_from_i64(1)};
    struct decimal r;
    struct decimal c;

    if (row > 0 && column > 0 && decimal_from_float(row, &r) && decimal_from_float(column, &c)) {
        s = (struct mark_scale){.row = r, .column = c, .known = body, .detector = !body};
    }
    return s;
}

static double millimetre(double cm)
{
    return (cm < 0 ? -cm : cm) * 10;
}

static struct mark_scale region_scale(const struct region *all, uint32_t n, const struct mark *m)
{
    struct mark_scale s = millimetres(0, 0, false);
    uint32_t first = n;

    for (uint32_t i = 0; i < m->n_points && n > 0; i++) {
        struct decimal x;
        struct decimal y;
        if (!decimal_parse(m->points[i].x, &x) || !decimal_parse(m->points[i].y, &y)) {
            return s; /* mark_reckon() says so */
        }
        uint32_t here = region_at(all, n, &x, &y);
        first = i == 0 ? here : first;
        if (here != first || here == n) {
            s.why = here == n || first == n ? MARK_WHY_OUTSIDE : MARK_WHY_ACROSS;
            return s;
        }
    }
    if (first < n && all[first].unit_x == CENTIMETRES && all[first].unit_y == CENTIMETRES) {
        return millimetres(millimetre(all[first].cm_y), millimetre(all[first].cm_x), true);
    }
    s.why = first < n ? MARK_WHY_UNITS : MARK_WHY_UNKNOWN;
    return s;
}

enum err mark_scale_of(struct req *rq, const struct dicom_file *f, const struct dicom_image *image,
                       const struct mark *m, struct mark_scale *ret_scale)
{
    bool body = image->spacing_kind == DICOM_SPACING_PIXEL;
    struct region *all = NULL;
    uint32_t n = 0;

    if (body || image->spacing_kind == DICOM_SPACING_IMAGER) {
        *ret_scale = millimetres(image->spacing[0], image->spacing[1], body);
        return OK;
    }
    all = ARENA_ARRAY(rq->a, REGIONS_MAX, struct region);
    TRY_MEM(rq, all);
    TRY(regions_read(rq, f, all, &n));
    *ret_scale = region_scale(all, n, m);
    return OK;
}
