/* codec/csv.c - comma separated values. See csv.h.
 *
 * The bytes of a record are collected in one growing piece of the arena, fields end to end; a
 * record is given out when its line ends. */
#include "codec/csv.h"

#include <string.h>

#include "codec/utf8.h"

enum state {
    FIELD_START,
    BARE,         /* in a field without quotes */
    QUOTED,       /* between quotes */
    QUOTE_SEEN,   /* a quote inside quotes: its end, or the first of two */
    CR_SEEN,      /* a line feed must follow */
    BROKEN,
};

struct csv {
    struct req *rq;
    struct csv_options o;
    csv_record_fn fn;
    void *ctx;
    enum state state;
    char separator;     /* 0 until chosen */
    uint64_t line;      /* of the byte read now */
    uint64_t from_line; /* where the record began */
    unsigned mark;      /* bytes of the byte order mark matched; 3: past it */
    bool any;           /* the record has a field, if only an empty quoted one */
    char *bytes;        /* o.max_record at most */
    size_t n;
    size_t size;
    size_t *ends;       /* of each complete field in bytes */
    struct str *fields; /* o.max_fields */
    size_t n_fields;
};

enum err csv_new(struct req *rq, const struct csv_options *o, csv_record_fn fn, void *ctx,
                 struct csv **ret_csv)
{
    struct csv *c = ARENA_NEW(rq->a, struct csv);
    TRY_MEM(rq, c);
    *c = (struct csv){.rq = rq, .o = *o, .fn = fn, .ctx = ctx, .line = 1, .from_line = 1};
    c->separator = o->separator;
    c->size = MIN(o->max_record, (size_t)1024);
    c->bytes = arena_alloc_raw(rq->a, c->size);
    c->ends = ARENA_ARRAY(rq->a, o->max_fields, size_t);
    c->fields = ARENA_ARRAY(rq->a, o->max_fields, struct str);
    TRY_MEM(rq, c->bytes);
    TRY_MEM(rq, c->ends);
    TRY_MEM(rq, c->fields);
    *ret_csv = c;
    return OK;
}

static enum err wrong(struct csv *c, const char *what)
{
    return FAIL(c->rq, E_SYNTAX, "line %llu: %s", (unsigned long long)c->line, what);
}

static enum err add(struct csv *c, char byte)
{
    if (c->n == c->size) {
        if (c->size >= c->o.max_record) {
            return FAIL(c->rq, E_TOO_LARGE, "line %llu: record over %zu bytes",
                        (unsigned long long)c->from_line, c->o.max_record);
        }
        size_t size = MIN(c->size * 2, c->o.max_record);
        char *bytes = arena_alloc_raw(c->rq->a, size);
        TRY_MEM(c->rq, bytes);
        memcpy(bytes, c->bytes, c->n);
        c->bytes = bytes;
        c->size = size;
    }
    c->bytes[c->n++] = byte;
    c->any = true;
    return OK;
}

static enum err end_field(struct csv *c)
{
    if (c->n_fields == c->o.max_fields) {
        return FAIL(c->rq, E_TOO_LARGE, "line %llu: more than %u fields",
                    (unsigned long long)c->line, c->o.max_fields);
    }
    c->ends[c->n_fields++] = c->n;
    c->state = FIELD_START;
    c->any = true;
    return OK;
}

static enum err end_record(struct csv *c)
{
    enum err e = OK;
    if (c->any) {
        TRY(end_field(c));
        size_t from = 0;
        for (size_t i = 0; i < c->n_fields; i++) {
            c->fields[i] = (struct str){c->bytes + from, c->ends[i] - from};
            from = c->ends[i];
            if (!utf8_is_valid(c->fields[i])) {
                return FAIL(c->rq, E_SYNTAX, "line %llu: not UTF-8",
                            (unsigned long long)c->from_line);
            }
        }
        e = c->fn(c->ctx, c->from_line, c->fields, c->n_fields);
    }
    c->n = 0;
    c->n_fields = 0;
    c->any = false;
    c->state = FIELD_START;
    return e;
}

static bool is_separator(struct csv *c, char byte)
{
    if (c->separator == 0 && (byte == ',' || byte == ';' || byte == '\t')) {
        c->separator = byte;
    }
    return byte == c->separator && byte != 0;
}

/* Outside quotes: separators and line ends. False when byte is neither. */
static bool is_end(struct csv *c, char byte, enum err *ret_e)
{
    *ret_e = OK;
    if (is_separator(c, byte)) {
        *ret_e = end_field(c);
    } else if (byte == '\r') {
        c->state = CR_SEEN;
    } else if (byte == '\n') {
        *ret_e = end_record(c);
        c->line++;
        c->from_line = c->line;
    } else {
        return false;
    }
    return true;
}

static enum err quoted_byte(struct csv *c, char byte)
{
    if (byte == '"') {
        c->state = QUOTE_SEEN;
        return OK;
    }
    c->line += byte == '\n';
    return add(c, byte);
}

static enum err byte_in(struct csv *c, char byte)
{
    enum err e;
    if (byte == 0) {
        return wrong(c, "a NUL byte");
    }
    switch (c->state) {
    case QUOTED: return quoted_byte(c, byte);
    case QUOTE_SEEN:
        if (byte == '"') {
            c->state = QUOTED;
            return add(c, byte);
        }
        return is_end(c, byte, &e) ? e : wrong(c, "text after a closing quote");
    case CR_SEEN:
        if (byte != '\n') {
            return wrong(c, "a carriage return without a line feed");
        }
        (void)is_end(c, byte, &e);
        return e;
    case FIELD_START:
        if (byte == '"') {
            c->state = QUOTED;
            c->any = true;
            return OK;
        }
        if (is_end(c, byte, &e)) {
            return e;
        }
        c->state = BARE;
        return add(c, byte);
    case BARE:
        if (is_end(c, byte, &e)) {
            return e;
        }
        return byte == '"' ? wrong(c, "a quote inside a field without quotes") : add(c, byte);
    case BROKEN: break;
    }
    return wrong(c, "after a failure");
}

enum err csv_feed(struct csv *c, struct str bytes)
{
    static const char mark[] = "\xef\xbb\xbf";
    for (size_t i = 0; i < bytes.n; i++) {
        if (c->mark < 3 && bytes.p[i] == mark[c->mark]) {
            c->mark++;
            continue;
        }
        enum err e = OK;
        for (unsigned k = 0; c->mark < 3 && k < c->mark && e == OK; k++) {
            e = byte_in(c, mark[k]); /* it only began like a mark */
        }
        c->mark = 3;
        if (e == OK) {
            e = byte_in(c, bytes.p[i]);
        }
        if (e != OK) {
            c->state = BROKEN;
            return e;
        }
    }
    return OK;
}

enum err csv_finish(struct csv *c)
{
    if (c->state == QUOTED) {
        return wrong(c, "a quote is not closed");
    }
    if (c->state == BROKEN || c->state == CR_SEEN || (c->mark > 0 && c->mark < 3)) {
        return wrong(c, "the text ends too early");
    }
    return end_record(c);
}

void csv_field(struct buf *b, char separator, bool first, struct str s)
{
    if (!first) {
        buf_char(b, separator);
    }
    bool quote = s.n == 0 && first; /* a record of one empty field is not an empty line */
    for (size_t i = 0; i < s.n && !quote; i++) {
        char c = s.p[i];
        quote = c == separator || c == '"' || c == '\r' || c == '\n' || c == ';' || c == ','
                || c == '\t' || (unsigned char)c == 0xef;
    }
    if (!quote) {
        buf_str(b, s);
        return;
    }
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            buf_char(b, '"');
        }
        buf_char(b, s.p[i]);
    }
    buf_char(b, '"');
}
