/* dicom/dimse_assoc.c - requests of association and their answers (PS3.8 9.3). */
#include <string.h>

#include "codec/dicom_head.h"
#include "dicom/dimse_int.h"

#define APPLICATION_CONTEXT S("1.2.840.10008.3.1.1.1")
#define VERIFICATION S("1.2.840.10008.1.1")
#define STORAGE S("1.2.840.10008.5.1.4.1.1.")

enum {
    FIXED = 68, /* of a request before its items */
    ITEM_APPLICATION = 0x10,
    ITEM_CONTEXT_RQ = 0x20,
    ITEM_CONTEXT_AC = 0x21,
    ITEM_ABSTRACT = 0x30,
    ITEM_TRANSFER = 0x40,
    ITEM_USER = 0x50,
    ITEM_MAX_LENGTH = 0x51,
    ITEM_CLASS_UID = 0x52,
    ITEM_VERSION = 0x55,
};

/* Why a request is rejected: result, source, reason (PS3.8 table 9-21). */
struct reject {
    uint8_t result, source, reason;
};
static const struct reject NO_CONTEXT = {1, 1, 2};
static const struct reject NO_CALLER = {1, 1, 3};
static const struct reject NO_CALLED = {1, 1, 7};
static const struct reject NO_VERSION = {1, 2, 2};

void dimse_be16(struct buf *b, unsigned v)
{
    buf_char(b, (char)(v >> 8 & 0xff));
    buf_char(b, (char)(v & 0xff));
}

void dimse_be32(struct buf *b, uint32_t v)
{
    dimse_be16(b, v >> 16);
    dimse_be16(b, v & 0xffff);
}

static void pdu(struct buf *b, uint8_t type, uint32_t n)
{
    buf_char(b, (char)type);
    buf_char(b, 0);
    dimse_be32(b, n);
}

void dimse_abort(struct buf *out, uint8_t reason)
{
    pdu(out, PDU_ABORT, 4);
    BUF_LIT(out, "\0\0\x02"); /* by the service provider */
    buf_char(out, (char)reason);
}

static void reject(struct buf *out, struct reject r)
{
    pdu(out, PDU_ASSOCIATE_RJ, 4);
    buf_char(out, 0);
    buf_char(out, (char)r.result);
    buf_char(out, (char)r.source);
    buf_char(out, (char)r.reason);
}

/* The next item of a list: type, reserved, 16-bit length, value. False: none, or it is cut. */
static bool next_item(struct str *rest, uint8_t *ret_type, struct str *ret_value)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    if (rest->n < 4) {
        return false;
    }
    size_t n = (size_t)p[2] << 8 | p[3];
    if (n > rest->n - 4) {
        return false;
    }
    *ret_type = p[0];
    *ret_value = (struct str){rest->p + 4, n};
    *rest = (struct str){rest->p + 4 + n, rest->n - 4 - n};
    return true;
}

static struct str without_nul(struct str s)
{
    while (s.n > 0 && s.p[s.n - 1] == '\0') {
        s.n--;
    }
    return str_trim(s);
}

static bool is_uid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.') {
            return false;
        }
    }
    return s.n > 0 && s.n <= UID_MAX;
}

static void uid_set(struct dimse_uid *u, struct str s)
{
    memcpy(u->v, s.p, s.n);
    u->n = (uint8_t)s.n;
}

/* Data sets are kept as they come: any transfer syntax of PS3.5 and those after it will do, but those that
 * are no coding of a file. */
static bool can_keep(struct str transfer)
{
    return str_eq(transfer, S("1.2.840.10008.1.2")) || str_starts(transfer, S("1.2.840.10008.1.2.1"))
           || str_eq(transfer, S("1.2.840.10008.1.2.2")) || str_eq(transfer, S("1.2.840.10008.1.2.5"))
           || str_starts(transfer, S("1.2.840.10008.1.2.4."));
}

/* One proposed context: its id, then an abstract syntax and transfer syntaxes, of which the first is
 * taken that will do. */
static bool propose(struct dimse *d, struct str v)
{
    struct str rest = str_sub(v, 4, v.n);
    struct str value;
    uint8_t type = 0;
    if (v.n < 4 || (v.p[0] & 1) == 0) {
        return false;
    }
    struct dimse_context *c = &d->contexts[((unsigned char)v.p[0] - 1) / 2];
    *c = (struct dimse_context){.result = 4};
    while (next_item(&rest, &type, &value)) {
        struct str uid = without_nul(value);
        if (!is_uid(uid)) {
            continue;
        }
        if (type == ITEM_ABSTRACT) {
            uid_set(&c->abstract, uid);
        } else if (type == ITEM_TRANSFER && c->result != 0 && can_keep(uid)) {
            uid_set(&c->transfer, uid);
            c->result = 0;
        }
    }
    struct str abstract = uid_str(&c->abstract);
    if (!str_eq(abstract, VERIFICATION) && !str_starts(abstract, STORAGE)) {
        c->result = 3;
    }
    return rest.n == 0 && c->abstract.n > 0;
}

static void put_item(struct buf *b, uint8_t type, struct str value)
{
    buf_char(b, (char)type);
    buf_char(b, 0);
    dimse_be16(b, (unsigned)value.n);
    buf_str(b, value);
}

static void put_context(struct buf *b, const struct dimse_context *c, unsigned id)
{
    /* The transfer syntax of a refused one means nothing, and must be there. */
    struct str transfer = c->result == 0 ? uid_str(&c->transfer) : S("1.2.840.10008.1.2");
    buf_char(b, ITEM_CONTEXT_AC);
    buf_char(b, 0);
    dimse_be16(b, (unsigned)(4 + 4 + transfer.n));
    buf_char(b, (char)id);
    buf_char(b, 0);
    buf_char(b, (char)c->result);
    buf_char(b, 0);
    put_item(b, ITEM_TRANSFER, transfer);
}

/* What follows the fixed part of an acceptance. */
static void put_items(struct dimse *d, struct buf *b)
{
    put_item(b, ITEM_APPLICATION, APPLICATION_CONTEXT);
    for (unsigned i = 0; i < DIMSE_CONTEXTS_MAX; i++) {
        if (d->contexts[i].abstract.n > 0) {
            put_context(b, &d->contexts[i], 2 * i + 1);
        }
    }
    buf_char(b, ITEM_USER);
    buf_char(b, 0);
    dimse_be16(b, (unsigned)(8 + 4 + DICOM_IMPLEMENTATION.n + 4 + DICOM_IMPLEMENTATION_NAME.n));
    buf_char(b, ITEM_MAX_LENGTH);
    buf_char(b, 0);
    dimse_be16(b, 4);
    dimse_be32(b, DIMSE_PDU_MAX);
    put_item(b, ITEM_CLASS_UID, DICOM_IMPLEMENTATION);
    put_item(b, ITEM_VERSION, DICOM_IMPLEMENTATION_NAME);
}

static void accept(struct dimse *d, struct str request, struct buf *out)
{
    size_t start = out->n;
    pdu(out, PDU_ASSOCIATE_AC, 0);
    dimse_be16(out, 1);                            /* protocol version */
    dimse_be16(out, 0);
    buf_str(out, str_sub(request, 4, FIXED - 4));  /* titles and reserved bytes as they came */
    put_items(d, out);
    if (buf_ok(out)) {
        uint32_t n = (uint32_t)(out->n - start - PDU_HEAD);
        for (unsigned i = 0; i < 4; i++) {
            out->p[start + 2 + i] = (char)(n >> (24 - 8 * i) & 0xff);
        }
    }
}

static void title(struct str s, char out[TITLE_MAX], uint8_t *ret_n)
{
    s = without_nul(s);
    memcpy(out, s.p, s.n);
    *ret_n = (uint8_t)s.n;
}

bool dimse_associate(struct dimse *d, struct str request, struct buf *out)
{
    struct str rest = str_sub(request, FIXED, request.n);
    struct str value;
    uint8_t type = 0;
    bool context = false;
    bool sound = request.n > FIXED;

    if (!sound) {
        return false;
    }
    title(str_sub(request, 4, TITLE_MAX), d->called, &d->called_n);
    title(str_sub(request, 20, TITLE_MAX), d->calling, &d->calling_n);
    while (sound && next_item(&rest, &type, &value)) {
        if (type == ITEM_APPLICATION) {
            context = str_eq(without_nul(value), APPLICATION_CONTEXT);
        } else if (type == ITEM_CONTEXT_RQ) {
            sound = propose(d, value);
        }
    }
    if (!sound || rest.n != 0) {
        return false;
    }
    const struct reject *why = (request.p[1] & 1) == 0 ? &NO_VERSION : !context ? &NO_CONTEXT : NULL;
    if (why == NULL) {
        struct str called = {d->called, d->called_n};
        enum dimse_may may = d->sink.may(d->sink.ctx, dimse_calling(d), called);
        why = may == DIMSE_NOT_CALLING ? &NO_CALLER : may == DIMSE_NOT_CALLED ? &NO_CALLED : NULL;
    }
    if (why != NULL) {
        reject(out, *why);
        return false;
    }
    accept(d, request, out);
    return true;
}
