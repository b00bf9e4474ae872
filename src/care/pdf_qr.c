/* care/pdf_qr.c - the QR code of a page, by libqrencode. See pdf_int.h. */
#include "care/pdf_int.h"

#include <glib.h>
#include <qrencode.h>

static void modules_put(cairo_t *cr, const QRcode *qr, double x, double y, double whole)
{
    double side = whole / qr->width;
    cairo_set_source_rgb(cr, 0, 0, 0);
    for (int row = 0; row < qr->width; row++) {
        for (int col = 0; col < qr->width;) {
            int n = 0;
            while (col + n < qr->width && (qr->data[row * qr->width + col + n] & 1) != 0) {
                n++;
            }
            if (n > 0) {
                cairo_rectangle(cr, x + col * side, y + row * side, n * side, side);
            }
            col += n > 0 ? n : 1;
        }
    }
    cairo_fill(cr);
}

/* A link where it holds nothing that the tag's own syntax would read. */
static void link_put(cairo_t *cr, struct str url, double x, double y, double side)
{
    char attr[600];
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] <= ' ' || url.p[i] == '\'' || url.p[i] == '\\' || url.p[i] >= 0x7F) {
            return;
        }
    }
    int n = g_snprintf(attr, sizeof(attr), "rect=[%d %d %d %d] uri='%.*s'", (int)x, (int)y,
                       (int)side, (int)side, STR_ARG(url));
    if (n > 0 && (size_t)n < sizeof(attr)) {
        cairo_tag_begin(cr, CAIRO_TAG_LINK, attr);
        cairo_tag_end(cr, CAIRO_TAG_LINK);
    }
}

bool pdf_qr(cairo_t *cr, struct str url, double x, double y, double side)
{
    QRcode *qr = QRcode_encodeData((int)url.n, (const unsigned char *)url.p, 0, QR_ECLEVEL_M);
    if (qr == NULL) {
        return false;
    }
    modules_put(cr, qr, x, y, side);
    QRcode_free(qr);
    link_put(cr, url, x, y, side);
    return true;
}
