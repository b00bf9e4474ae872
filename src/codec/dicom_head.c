/* codec/dicom_head.c - how a DICOM file begins. See dicom_head.h. */
#include "codec/dicom_head.h"

enum { PREAMBLE = 128 };

void dicom_put_u16(struct buf *b, uint32_t v)
{
    buf_char(b, (char)(v & 0xff));
    buf_char(b, (char)(v >> 8 & 0xff));
}

void dicom_put_u32(struct buf *b, uint32_t v)
{
    dicom_put_u16(b, v & 0xffff);
    dicom_put_u16(b, v >> 16);
}

void dicom_put_text(struct buf *b, uint32_t tag, const char vr[3], struct str v)
{
    bool odd = v.n % 2 != 0;

    dicom_put_u16(b, tag >> 16);
    dicom_put_u16(b, tag & 0xffff);
    buf_bytes(b, vr, 2);
    dicom_put_u16(b, (uint32_t)(v.n + odd));
    buf_str(b, v);
    if (odd) {
        buf_char(b, vr[0] == 'U' ? '\0' : ' ');
    }
}

void dicom_head_write(struct buf *b, const struct dicom_meta *m)
{
    static const char preamble[PREAMBLE];

    buf_bytes(b, preamble, sizeof(preamble));
    BUF_LIT(b, "DICM");
    BUF_LIT(b, "\x02\0\0\0UL\x04\0");
    size_t length_at = b->n;
    dicom_put_u32(b, 0);
    BUF_LIT(b, "\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01"); /* version 1 */
    dicom_put_text(b, 0x00020002, "UI", m->sop_class);
    dicom_put_text(b, 0x00020003, "UI", m->sop_instance);
    dicom_put_text(b, 0x00020010, "UI", m->syntax);
    dicom_put_text(b, 0x00020012, "UI", DICOM_IMPLEMENTATION);
    dicom_put_text(b, 0x00020013, "SH", DICOM_IMPLEMENTATION_NAME);
    if (m->sender.n > 0) {
        dicom_put_text(b, 0x00020016, "AE", m->sender);
    }
    if (buf_ok(b)) {
        size_t n = b->n - length_at - 4;
        for (unsigned i = 0; i < 4; i++) {
            b->p[length_at + i] = (char)(n >> 8 * i & 0xff);
        }
    }
}
