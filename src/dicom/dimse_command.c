/* dicom/dimse_command.c - command sets (PS3.7 6.3, 9.3): implicit little endian, group 0000. */
#include "codec/dicom_head.h"
#include "dicom/dimse_int.h"

enum {
    TAG_LENGTH = 0x0000,
    TAG_SOP_CLASS = 0x0002,
    TAG_FIELD = 0x0100,
    TAG_MESSAGE = 0x0110,
    TAG_ANSWERED = 0x0120,
    TAG_DATA = 0x0800,
    TAG_STATUS = 0x0900,
    TAG_COMMENT = 0x0902,
    TAG_SOP_INSTANCE = 0x1000,
    NO_DATA = 0x0101,
    RESPONSE = 0x8000,
    COMMENT_MAX = 64,
};

static uint32_t le(const unsigned char *p, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++) {
        v |= (uint32_t)p[i] << 8 * i;
    }
    return v;
}

static struct str uid_of(struct str v)
{
    while (v.n > 0 && (v.p[v.n - 1] == '\0' || v.p[v.n - 1] == ' ')) {
        v.n--;
    }
    return v.n <= UID_MAX ? v : S("");
}

bool dimse_command_read(struct str bytes, struct dimse_command *ret_command)
{
    struct dimse_command c = {.sop_class = S(""), .sop_instance = S("")};
    bool has_field = false;
    bool has_data = false;

    while (bytes.n > 0) {
        const unsigned char *p = (const unsigned char *)bytes.p;
        if (bytes.n < 8 || le(p, 2) != 0) {
            return false;
        }
        uint32_t tag = le(p + 2, 2);
        uint32_t n = le(p + 4, 4);
        if (n > bytes.n - 8) {
            return false;
        }
        struct str v = {bytes.p + 8, n};
        uint16_t us = n >= 2 ? (uint16_t)le(p + 8, 2) : 0;
        switch (tag) {
        case TAG_SOP_CLASS: c.sop_class = uid_of(v); break;
        case TAG_SOP_INSTANCE: c.sop_instance = uid_of(v); break;
        case TAG_MESSAGE: c.message = us; break;
        case TAG_FIELD:
            c.field = us;
            has_field = n == 2;
            break;
        case TAG_DATA:
            c.has_data = us != NO_DATA;
            has_data = n == 2;
            break;
        default: break; /* priority, move originator and others mean nothing here */
        }
        bytes = (struct str){v.p + n, bytes.n - 8 - n};
    }
    *ret_command = c;
    return has_field && has_data;
}

static void put_us(struct buf *b, uint32_t tag, unsigned v)
{
    dicom_put_u16(b, 0);
    dicom_put_u16(b, tag);
    dicom_put_u32(b, 2);
    dicom_put_u16(b, v);
}

/* Texts are padded to even length, UIDs with NUL. */
static void put_text(struct buf *b, uint32_t tag, struct str v, char pad)
{
    dicom_put_u16(b, 0);
    dicom_put_u16(b, tag);
    dicom_put_u32(b, (uint32_t)(v.n + v.n % 2));
    buf_str(b, v);
    if (v.n % 2 != 0) {
        buf_char(b, pad);
    }
}

static uint32_t text_len(struct str v)
{
    return v.n == 0 ? 0 : (uint32_t)(8 + v.n + v.n % 2);
}

void dimse_respond(struct dimse *d, uint16_t status, struct str comment, struct buf *out)
{
    const struct dimse_command *c = &d->command;
    comment = str_sub(comment, 0, COMMENT_MAX);
    uint32_t group = text_len(c->sop_class) + text_len(c->sop_instance) + text_len(comment) + 4 * 10;
    uint32_t command = 12 + group;
    buf_char(out, PDU_DATA);
    buf_char(out, 0);
    dimse_be32(out, PDV_HEAD + command);
    dimse_be32(out, 2 + command);
    buf_char(out, (char)d->context);
    buf_char(out, PDV_COMMAND | PDV_LAST);
    dicom_put_u16(out, 0);
    dicom_put_u16(out, TAG_LENGTH);
    dicom_put_u32(out, 4);
    dicom_put_u32(out, group);
    if (c->sop_class.n > 0) {
        put_text(out, TAG_SOP_CLASS, c->sop_class, '\0');
    }
    put_us(out, TAG_FIELD, c->field | RESPONSE);
    put_us(out, TAG_ANSWERED, c->message);
    put_us(out, TAG_DATA, NO_DATA);
    put_us(out, TAG_STATUS, status);
    if (comment.n > 0) {
        put_text(out, TAG_COMMENT, comment, ' ');
    }
    if (c->sop_instance.n > 0) {
        put_text(out, TAG_SOP_INSTANCE, c->sop_instance, '\0');
    }
}
