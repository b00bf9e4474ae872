/* dicom/dimse.c - PDUs and messages of an association. See dimse.h. */
#include "codec/dicom_head.h"
#include "dicom/dimse_int.h"

enum { C_STORE = 0x0001, C_ECHO = 0x0030 };
enum { ABORT_NO_REASON = 0, ABORT_UNEXPECTED = 2, ABORT_INVALID = 6 };
enum { ANSWER_MAX = 1024 }; /* of one message */

struct dimse *dimse_new(struct arena *a, const struct dimse_sink *sink)
{
    struct dimse *d = ARENA_NEW(a, struct dimse);
    if (d != NULL) {
        d->sink = *sink;
    }
    return d;
}

struct str dimse_calling(const struct dimse *d)
{
    return (struct str){d->calling, d->calling_n};
}

bool dimse_is_idle(const struct dimse *d)
{
    return d->state == DIMSE_STANDS && !d->in_data && d->head_n == 0 && d->held_n == 0;
}

static void drop(struct dimse *d)
{
    if (d->in_data && !d->skipping) {
        d->sink.broken(d->sink.ctx);
    }
    d->in_data = false;
    d->state = DIMSE_OVER;
}

void dimse_end(struct dimse *d, struct buf *out)
{
    if (d->state != DIMSE_OVER && out != NULL) {
        dimse_abort(out, ABORT_NO_REASON);
    }
    drop(d);
}

static void fail(struct dimse *d, struct buf *out, uint8_t reason)
{
    dimse_abort(out, reason);
    drop(d);
}

/* ---- messages ---- */

static const struct dimse_context *context_of(const struct dimse *d, uint8_t id)
{
    const struct dimse_context *c = &d->contexts[(id - 1) / 2];
    return (id & 1) != 0 && c->abstract.n > 0 && c->result == 0 ? c : NULL;
}

static void keep_uid(struct dimse_uid *u, struct str *s)
{
    for (size_t i = 0; i < s->n; i++) {
        u->v[i] = s->p[i];
    }
    u->n = (uint8_t)s->n;
    *s = uid_str(u);
}

static void begin_store(struct dimse *d)
{
    const struct dimse_context *c = context_of(d, d->context);
    struct dimse_store s = {.sop_class = d->command.sop_class,
                            .sop_instance = d->command.sop_instance,
                            .transfer_syntax = uid_str(&c->transfer),
                            .calling = dimse_calling(d)};
    char room[1024];
    struct buf head = {.p = room, .cap = sizeof room, .size = sizeof room};
    dicom_head_write(&head, &(struct dicom_meta){.sop_class = s.sop_class, .sop_instance = s.sop_instance,
                                                 .syntax = s.transfer_syntax, .sender = s.calling});
    d->skipping = false;
    d->failed = !buf_ok(&head) || d->sink.begin(d->sink.ctx, &s, buf_get(&head)) != OK;
}

/* The command set is whole. */
static void on_command(struct dimse *d, struct buf *out)
{
    if (!dimse_command_read((struct str){d->held, d->held_n}, &d->command)) {
        fail(d, out, ABORT_INVALID);
        return;
    }
    keep_uid(&d->sop_class, &d->command.sop_class);
    keep_uid(&d->sop_instance, &d->command.sop_instance);
    d->held_n = 0;
    d->in_data = d->command.has_data;
    d->skipping = true;
    if (d->command.field == C_STORE && d->command.has_data) {
        begin_store(d);
    } else if (!d->in_data) {
        bool echo = d->command.field == C_ECHO;
        dimse_respond(d, echo ? DIMSE_OK : DIMSE_NO_SUCH_OPERATION, S(""), out);
    }
}

/* The data set is whole. */
static void on_data(struct dimse *d, struct buf *out)
{
    struct str comment = S("");
    uint16_t status = DIMSE_NO_SUCH_OPERATION;
    d->in_data = false;
    if (!d->skipping) {
        status = d->sink.end(d->sink.ctx, d->failed, &comment);
    }
    dimse_respond(d, status, comment, out);
}

/* Bytes of a fragment. */
static void take(struct dimse *d, struct str bytes, struct buf *out)
{
    uint8_t control = d->pdv[5];
    if ((control & PDV_COMMAND) == 0) {
        if (!d->in_data || d->pdv[4] != d->context) {
            fail(d, out, ABORT_UNEXPECTED);
        } else if (!d->skipping && !d->failed && bytes.n > 0) {
            d->failed = d->sink.data(d->sink.ctx, bytes) != OK;
        }
        return;
    }
    if (d->in_data || context_of(d, d->pdv[4]) == NULL || bytes.n > COMMAND_MAX - d->held_n
        || (d->held_n > 0 && d->pdv[4] != d->context)) {
        fail(d, out, ABORT_UNEXPECTED);
        return;
    }
    d->context = d->pdv[4];
    for (size_t i = 0; i < bytes.n; i++) {
        d->held[d->held_n++] = bytes.p[i];
    }
}

static void fragment_done(struct dimse *d, struct buf *out)
{
    d->pdv_n = 0;
    if (d->state == DIMSE_STANDS && (d->pdv[5] & PDV_LAST) != 0) {
        if ((d->pdv[5] & PDV_COMMAND) != 0) {
            on_command(d, out);
        } else {
            on_data(d, out);
        }
    }
}

/* Bytes of a P-DATA PDU: fragments, each with its head. Gives how many were taken. */
static size_t data_bytes(struct dimse *d, struct str bytes, struct buf *out)
{
    if (d->pdv_n < PDV_HEAD) {
        d->pdv[d->pdv_n++] = (unsigned char)bytes.p[0];
        if (d->pdv_n < PDV_HEAD) {
            return 1;
        }
        uint32_t n = be32(d->pdv);
        if (n < 2 || n - 2 > d->left - 1) {
            fail(d, out, ABORT_INVALID);
            return 1;
        }
        d->pdv_left = n - 2;
        take(d, S(""), out);
        if (d->state == DIMSE_STANDS && d->pdv_left == 0) {
            fragment_done(d, out);
        }
        return 1;
    }
    size_t n = bytes.n < d->pdv_left ? bytes.n : d->pdv_left;
    take(d, str_sub(bytes, 0, n), out);
    d->pdv_left -= (uint32_t)n;
    if (d->state == DIMSE_STANDS && d->pdv_left == 0) {
        fragment_done(d, out);
    }
    return n;
}

/* ---- PDUs ---- */

/* The head of a PDU is whole: is it one we want now? */
static bool head_ok(struct dimse *d, struct buf *out)
{
    uint8_t type = d->head[0];
    d->left = be32(d->head + 2);
    if (d->state == DIMSE_WAITS) {
        if (type != PDU_ASSOCIATE_RQ || d->left > HELD_MAX) {
            fail(d, out, ABORT_UNEXPECTED);
            return false;
        }
        return true;
    }
    bool known = type == PDU_DATA || type == PDU_RELEASE_RQ || type == PDU_ABORT;
    if (!known || (type != PDU_DATA && d->left > HELD_MAX)
        || (type == PDU_DATA && d->left > DIMSE_PDU_MAX)) {
        fail(d, out, known ? ABORT_INVALID : ABORT_UNEXPECTED);
        return false;
    }
    return true;
}

static void pdu_done(struct dimse *d, struct buf *out)
{
    uint8_t type = d->head[0];
    d->head_n = 0;
    if (d->state != DIMSE_STANDS && d->state != DIMSE_WAITS) {
        return;
    }
    switch (type) {
    case PDU_ASSOCIATE_RQ: {
        size_t before = out->n;
        bool in = dimse_associate(d, (struct str){d->held, d->held_n}, out);
        d->held_n = 0;
        d->state = in ? DIMSE_STANDS : DIMSE_OVER;
        if (!in && out->n == before) {
            dimse_abort(out, ABORT_INVALID);
        }
        break;
    }
    case PDU_RELEASE_RQ:
        drop(d);
        BUF_LIT(out, "\x06\0\0\0\0\x04\0\0\0\0");
        break;
    case PDU_ABORT: drop(d); break;
    default:
        if (d->pdv_n != 0) {
            fail(d, out, ABORT_INVALID); /* a fragment longer than its PDU */
        }
        break;
    }
}

/* Takes some of the bytes; at least one. */
static size_t step(struct dimse *d, struct str bytes, struct buf *out)
{
    if (d->head_n < PDU_HEAD) {
        d->head[d->head_n++] = (unsigned char)bytes.p[0];
        if (d->head_n == PDU_HEAD && head_ok(d, out) && d->left == 0) {
            pdu_done(d, out);
        }
        return 1;
    }
    struct str now = str_sub(bytes, 0, d->left);
    size_t n = now.n;
    if (d->head[0] == PDU_DATA) {
        n = data_bytes(d, now, out);
    } else if (d->head[0] == PDU_ASSOCIATE_RQ) {
        for (size_t i = 0; i < n; i++) {
            d->held[d->held_n++] = now.p[i];
        }
    }
    d->left -= (uint32_t)n;
    if (d->left == 0 && d->state != DIMSE_OVER) {
        pdu_done(d, out);
    }
    return n;
}

void dimse_feed(struct dimse *d, struct str bytes, struct buf *out, size_t *ret_used, bool *ret_over)
{
    size_t used = 0;
    while (used < bytes.n && d->state != DIMSE_OVER
           && (d->state == DIMSE_WAITS || out->n + ANSWER_MAX <= DIMSE_OUT_MAX)) {
        used += step(d, str_sub(bytes, used, bytes.n), out);
    }
    *ret_used = used;
    *ret_over = d->state == DIMSE_OVER;
}
