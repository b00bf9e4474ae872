/* http/form.c - forms: urlencoded and multipart bodies that were read whole, and multipart bodies
 * whose files stream through the pool. */
#include <string.h>

#include "codec/field.h"
#include "codec/multipart.h"
#include "http/http_int.h"

enum { PARTS_MAX = 200, PART_HEAD_MAX = 8192, FIELD_BYTES_MAX = 65536 };

static const struct multipart_limits part_limits = {PARTS_MAX, PART_HEAD_MAX};

/* Collects the parts of a multipart body. */
struct parts {
    struct http_req *h;
    struct form_pair *fields;
    size_t n_fields;
    struct http_file *files;
    uint32_t n_files;
    bool in_file;
    struct buf value; /* of the part being read */
    struct http_file file;
    struct str name;
};

static struct str keep(struct http_req *h, struct str s)
{
    return s.p == NULL ? s : arena_str(h->rq.a, s);
}

static enum err parts_begin(void *ctx, const struct multipart_part *part)
{
    struct parts *p = ctx;
    struct http_req *h = p->h;
    p->in_file = part->filename.p != NULL;
    p->name = keep(h, part->name.p != NULL ? part->name : S(""));
    p->file = (struct http_file){.field = p->name,
                                 .filename = keep(h, part->filename),
                                 .type = keep(h, part->type)};
    buf_init(&p->value, h->rq.a, call_of(h)->body_n + 1);
    return OK;
}

static enum err parts_data(void *ctx, struct str bytes)
{
    struct parts *p = ctx;
    buf_str(&p->value, bytes);
    return buf_ok(&p->value) ? OK : FAIL(&p->h->rq, E_TOO_LARGE, "form");
}

static enum err parts_end(void *ctx)
{
    struct parts *p = ctx;
    struct str value = buf_get(&p->value);
    if (value.p == NULL) {
        value.p = "";
    }
    if (p->in_file) {
        p->file.bytes = value;
        p->files[p->n_files++] = p->file;
    } else {
        p->fields[p->n_fields++] = (struct form_pair){p->name, value};
    }
    return OK;
}

static enum err parts_new(struct http_req *h, struct parts *p)
{
    *p = (struct parts){.h = h};
    p->fields = ARENA_ARRAY(h->rq.a, PARTS_MAX, struct form_pair);
    p->files = ARENA_ARRAY(h->rq.a, PARTS_MAX, struct http_file);
    TRY_MEM(&h->rq, p->fields);
    TRY_MEM(&h->rq, p->files);
    return OK;
}

static enum err read_multipart(struct http_req *h, struct body_form *f)
{
    struct parts *p = ARENA_NEW(h->rq.a, struct parts);
    struct multipart *m;
    TRY_MEM(&h->rq, p);
    TRY(parts_new(h, p));
    const struct multipart_sink sink = {parts_begin, parts_data, parts_end, p};
    TRY(multipart_new(&h->rq, http_header(h, "Content-Type"), &part_limits, &sink, &m));
    TRY(multipart_feed(m, http_body(h)));
    TRY(multipart_finish(m));
    f->fields = (struct url_pairs){p->fields, p->n_fields};
    f->files = p->files;
    f->n_files = p->n_files;
    return OK;
}

static enum err read_form(struct http_req *h, struct body_form *f)
{
    struct str type = http_body_type(h);
    if (str_eq(type, S("application/x-www-form-urlencoded"))) {
        return form_parse(&h->rq, http_body(h), FIELDS_MAX, &f->fields);
    }
    if (str_eq(type, S("multipart/form-data"))) {
        return read_multipart(h, f);
    }
    return FAIL(&h->rq, E_MEDIA_TYPE, "a form was expected");
}

static struct body_form *form_of(struct http_req *h)
{
    struct body_form *f = &call_of(h)->form;
    if (!f->done) {
        struct err_rec before = h->rq.err;
        f->done = true;
        f->err = read_form(h, f);
        if (f->err != OK) {
            f->rec = h->rq.err;
            h->rq.err = before;
        }
    }
    return f;
}

enum err http_form_check(struct http_req *h)
{
    struct body_form *f = form_of(h);
    if (f->err != OK && h->rq.err.code == OK) {
        h->rq.err = f->rec;
    }
    return f->err;
}

struct str http_form(struct http_req *h, struct str name)
{
    return form_find(&form_of(h)->fields, name);
}

bool http_form_each(struct http_req *h, uint32_t i, struct str *ret_name, struct str *ret_value)
{
    const struct url_pairs *f = &form_of(h)->fields;
    if (i >= f->n) {
        return false;
    }
    *ret_name = f->v[i].name;
    *ret_value = f->v[i].value;
    return true;
}

bool http_file(struct http_req *h, uint32_t i, struct http_file *ret_file)
{
    const struct body_form *f = form_of(h);
    if (i >= f->n_files) {
        return false;
    }
    *ret_file = f->files[i];
    return true;
}

/* ---- multipart bodies that stream ---- */

struct form_stream {
    const struct http_form_sink *sink;
    struct multipart *m;
    struct parts parts;
    size_t field_bytes; /* of all small fields so far */
    bool token_seen;    /* the form token was right */
};

static void show_fields(struct form_stream *s)
{
    struct body_form *f = &call_of(s->parts.h)->form;
    f->done = true;
    f->fields = (struct url_pairs){s->parts.fields, s->parts.n_fields};
}

/* The token stands before the first file, so that nothing of a forged form is stored. */
static enum err check_token(struct form_stream *s)
{
    struct http_req *h = s->parts.h;
    struct call *c = call_of(h);
    if (s->token_seen || !gate_needs_token(c) || http_header(h, "X-CSRF-Token").p != NULL) {
        return OK;
    }
    if (!gate_token_ok(c, http_form(h, S("csrf")))) {
        return FAIL(&h->rq, E_FORBIDDEN, "form token");
    }
    s->token_seen = true;
    return OK;
}

static enum err stream_part_begin(void *ctx, const struct multipart_part *part)
{
    struct form_stream *s = ctx;
    TRY(parts_begin(&s->parts, part));
    if (!s->parts.in_file) {
        buf_init(&s->parts.value, s->parts.h->rq.a, FIELD_BYTES_MAX);
        return OK;
    }
    show_fields(s);
    TRY(check_token(s));
    return s->sink->file_begin(s->parts.h, &s->parts.file);
}

static enum err stream_part_data(void *ctx, struct str bytes)
{
    struct form_stream *s = ctx;
    if (s->parts.in_file) {
        return s->sink->file_bytes(s->parts.h, bytes);
    }
    s->field_bytes += bytes.n;
    if (s->field_bytes > FIELD_BYTES_MAX) {
        return FAIL(&s->parts.h->rq, E_TOO_LARGE, "form fields");
    }
    return parts_data(&s->parts, bytes);
}

static enum err stream_part_end(void *ctx)
{
    struct form_stream *s = ctx;
    return s->parts.in_file ? s->sink->file_end(s->parts.h) : parts_end(&s->parts);
}

static void stream_broken(struct http_req *h)
{
    const struct http_form_sink *sink = call_of(h)->form_stream->sink;
    if (sink->broken != NULL) {
        sink->broken(h);
    }
}

/* A body that failed is over as one whose caller left. */
static enum err or_broken(struct http_req *h, enum err e)
{
    if (e != OK) {
        stream_broken(h);
    }
    return e;
}

static enum err stream_chunk(struct http_req *h, struct str bytes)
{
    return or_broken(h, multipart_feed(call_of(h)->form_stream->m, bytes));
}

static enum err all_there(struct form_stream *s)
{
    TRY(multipart_finish(s->m));
    show_fields(s);
    return check_token(s);
}

static enum err stream_end(struct http_req *h)
{
    struct form_stream *s = call_of(h)->form_stream;
    TRY(or_broken(h, all_there(s)));
    return s->sink->end(h);
}

enum err http_stream_form(struct http_req *h, const struct http_form_sink *sink)
{
    static const struct http_sink windows = {stream_chunk, stream_end, stream_broken};
    struct form_stream *s = ARENA_NEW(h->rq.a, struct form_stream);
    TRY_MEM(&h->rq, s);
    s->sink = sink;
    TRY(parts_new(h, &s->parts));
    const struct multipart_sink parts = {stream_part_begin, stream_part_data, stream_part_end, s};
    TRY(multipart_new(&h->rq, http_header(h, "Content-Type"), &part_limits, &parts, &s->m));
    call_of(h)->form_stream = s;
    return http_stream(h, &windows);
}
