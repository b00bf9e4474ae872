/* care/qr.c - QR codes as SVG, by libqrencode. See qr.h. */
#include "care/qr.h"

#include <qrencode.h>

enum { PATH_MAX_BYTES = 64 << 10 };

/* Dark modules of a row that stand together become one rectangle. */
static void row_put(struct buf *b, const QRcode *qr, int row)
{
    for (int col = 0; col < qr->width;) {
        int n = 0;
        while (col + n < qr->width && (qr->data[row * qr->width + col + n] & 1) != 0) {
            n++;
        }
        if (n > 0) {
            BUF_LIT(b, "M");
            buf_i64(b, col);
            BUF_LIT(b, " ");
            buf_i64(b, row);
            BUF_LIT(b, "h");
            buf_i64(b, n);
            BUF_LIT(b, "v1h-");
            buf_i64(b, n);
            BUF_LIT(b, "z");
        }
        col += n > 0 ? n : 1;
    }
}

enum err qr_path(struct req *rq, struct str text, uint32_t *ret_side, struct str *ret_path)
{
    struct buf b;
    QRcode *qr = text.n > QR_TEXT_MAX || text.n == 0
                     ? NULL
                     : QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
    if (qr == NULL) {
        return FAIL(rq, E_BAD_INPUT, "text of a QR code: %zu bytes", text.n);
    }
    buf_init(&b, rq->a, PATH_MAX_BYTES);
    for (int row = 0; row < qr->width; row++) {
        row_put(&b, qr, row);
    }
    *ret_side = (uint32_t)qr->width;
    QRcode_free(qr);
    TRY_MEM(rq, buf_get(&b).p);
    *ret_path = buf_get(&b);
    return OK;
}
