/* care/pdf_picture.c - a JPEG and what was marked on it, on a page. The JPEG goes into the file as it is. */
#include "care/pdf_int.h"

#include <math.h>

static void paths(cairo_t *cr, const struct pdf_shape *s, double w, double h)
{
    for (uint32_t i = 0; i < s->n; i++) {
        bool begins = i == 0 || (s->kind == PDF_PAIRS && i % 2 == 0);
        if (begins) {
            cairo_move_to(cr, s->x[i] * w, s->y[i] * h);
        } else {
            cairo_line_to(cr, s->x[i] * w, s->y[i] * h);
        }
    }
}

/* Two axes, each by its ends. */
static void ellipse(cairo_t *cr, const struct pdf_shape *s, double w, double h)
{
    double ax = (s->x[1] - s->x[0]) * w / 2;
    double ay = (s->y[1] - s->y[0]) * h / 2;
    double bx = (s->x[3] - s->x[2]) * w / 2;
    double by = (s->y[3] - s->y[2]) * h / 2;
    cairo_matrix_t round;

    cairo_save(cr);
    cairo_matrix_init(&round, ax, ay, bx, by, (s->x[0] + s->x[1]) * w / 2, (s->y[0] + s->y[1]) * h / 2);
    if (fabs(ax * by - ay * bx) > 1e-6) {
        cairo_transform(cr, &round);
        cairo_new_sub_path(cr);
        cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    }
    cairo_restore(cr);
}

/* Dark below light: seen on any picture. */
static void shape_put(cairo_t *cr, const struct pdf_shape *s, double w, double h)
{
    if (s->kind == PDF_ROUND) {
        if (s->n == 4) {
            ellipse(cr, s, w, h);
        }
    } else {
        paths(cr, s, w, h);
    }
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, 2.2);
    cairo_stroke_preserve(cr);
    cairo_set_source_rgb(cr, 1, 0.84, 0.04);
    cairo_set_line_width(cr, 1.1);
    cairo_stroke(cr);
}

void pdf_int_picture(cairo_t *cr, const struct pdf_picture *p, double x, double y, double w, double h)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, p->width, p->height);

    (void)cairo_surface_set_mime_data(s, CAIRO_MIME_TYPE_JPEG, (const unsigned char *)p->jpeg.p, p->jpeg.n,
                                      NULL, NULL);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rectangle(cr, 0, 0, w, h);
    cairo_clip(cr);
    cairo_save(cr);
    cairo_scale(cr, w / p->width, h / p->height);
    cairo_set_source_surface(cr, s, 0, 0);
    cairo_paint(cr);
    cairo_restore(cr);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (uint32_t i = 0; i < p->n_shapes; i++) {
        shape_put(cr, &p->shapes[i], w, h);
    }
    cairo_restore(cr);
    cairo_surface_destroy(s);
}
