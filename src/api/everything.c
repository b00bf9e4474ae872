/* api/everything.c - Patient/:id/$everything and Encounter/:id/$everything
 * (R4 patient-operation-everything.html): the resource, its compartment and what these name, page by page,
 * as a search inside the compartment: who may see what, and that pages neither repeat nor miss a row, is
 * the search's. */
#include "api/fhir_int.h"
#include "base/text.h"
#include "codec/url.h"

enum { PAGES_MAX = 50 };

struct asked {
    struct str type;      /* _type */
    struct str cursor;
    struct instant from;  /* start, end: of care */
    struct instant until;
    struct str inner;     /* as a search */
    struct str self;
};

static enum err ask_read(struct http_req *h, const struct api_params *ps, struct asked *a)
{
    struct instant lo;
    struct instant hi;
    struct buf inner;
    struct buf self;
    buf_init(&inner, h->rq.a, 64 * 1024);
    buf_init(&self, h->rq.a, 64 * 1024);
    BUF_LIT(&inner, "_include=*");
    *a = (struct asked){.from = {INT64_MIN}, .until = {INT64_MAX}};
    for (size_t i = 0; i < ps->n; i++) {
        struct str name = ps->v[i].name;
        struct str value = ps->v[i].text;
        bool is_start = str_eq(name, S("start"));
        if (str_eq(name, S("_cursor"))) {
            a->cursor = value;
            continue;
        }
        if (is_start || str_eq(name, S("end"))) {
            if (!instant_span(value, 0, &lo, &hi)) {
                return FAIL(&h->rq, E_BAD_INPUT, "start, end: a date");
            }
            a->from = is_start ? lo : a->from;
            a->until = is_start ? a->until : hi;
        } else if (str_eq(name, S("_since"))) {
            struct buf ge;
            buf_init(&ge, h->rq.a, 256);
            BUF_LIT(&ge, "ge");
            buf_str(&ge, value);
            form_add(&inner, S("_lastUpdated"), buf_get(&ge));
        } else if (str_eq(name, S("_type")) || str_eq(name, S("_count"))) {
            a->type = str_eq(name, S("_type")) ? value : a->type;
            form_add(&inner, name, value);
        } else if (str_eq(name, S("_format")) || str_eq(name, S("_pretty"))) {
            continue;
        } else {
            fhir_issue_add(&h->rq, ISSUE_ERROR, "not-supported",
                           T("This parameter is not known here."), name, S(""));
            return FAIL(&h->rq, E_BAD_INPUT, "unknown parameter");
        }
        form_add(&self, name, value);
    }
    a->inner = buf_get(&inner);
    a->self = buf_get(&self);
    return buf_ok(&inner) && buf_ok(&self) ? OK : FAIL(&h->rq, E_TOO_LARGE, "parameters");
}

static bool is_type_asked(const struct asked *a, enum fhir_type type)
{
    struct str rest = a->type;
    struct str one;
    if (rest.n == 0) {
        return true;
    }
    while (str_cut(&rest, ',', &one)) {
        if (str_eq(one, fhir_type_name(type))) {
            return true;
        }
    }
    return false;
}

/* Is it of the time asked for? What has no date of its own belongs to every time. */
static bool is_of_time(const struct asked *a, const struct res_row *row)
{
    enum fhir_type type = (enum fhir_type)row->type;
    return type == T_PATIENT || fhir_type_date(type).n == 0 ||
           fhir_type_hangs(type) == DIRECTORY ||
           (row->at_ms >= a->from.ms && row->at_ms < a->until.ms);
}

/* The page as it is shown: the resource itself first, only what was asked for. *ret_empty: nothing else
 * that was looked for is on it. */
static enum err page_cut(struct http_req *h, const struct asked *a, const struct res_row *own,
                         struct fhir_page *p, bool *ret_empty)
{
    struct fhir_match *v = ARENA_ARRAY(h->rq.a, p->n + 1, struct fhir_match);
    size_t n = 0;
    bool empty = true;
    TRY_MEM(&h->rq, v);
    if (a->cursor.n == 0 && is_type_asked(a, (enum fhir_type)own->type)) {
        v[n++] = (struct fhir_match){*own, false};
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct res_row *row = &p->v[i].row;
        if (row->rid != own->rid && is_type_asked(a, (enum fhir_type)row->type) &&
            is_of_time(a, row)) {
            v[n++] = p->v[i];
            empty = empty && p->v[i].is_include;
        }
    }
    p->v = v;
    p->n = n;
    *ret_empty = empty;
    return OK;
}

/* The search from a page on. */
static struct str query_from(struct http_req *h, const struct asked *a, struct str cursor)
{
    struct buf b;
    if (cursor.n == 0) {
        return a->inner;
    }
    buf_init(&b, h->rq.a, a->inner.n + cursor.n * 3 + 16);
    buf_str(&b, a->inner);
    form_add(&b, S("_cursor"), cursor);
    return buf_get(&b);
}

/* A page with something on it: those that hold nothing of the time asked for are passed over, up to
 * PAGES_MAX of them. */
static enum err page_find(struct http_req *h, const struct fhir_compartment *in,
                          const struct asked *a, const struct res_row *own, struct fhir_page *ret_page)
{
    struct str cursor = a->cursor;
    bool empty;
    for (unsigned i = 0; i < PAGES_MAX; i++) {
        TRY(api_search_in(h, in, T_NONE, query_from(h, a, cursor), true, OP_SEARCH, ret_page));
        TRY(page_cut(h, a, own, ret_page, &empty));
        if (!empty || ret_page->next.n == 0) {
            break;
        }
        cursor = ret_page->next;
    }
    return OK;
}

static enum err everything(struct http_req *h, enum fhir_type type)
{
    struct fhir_compartment in = {.type = type, .id = http_param(h, S("id"))};
    struct res_row row;
    struct api_params ps;
    struct asked a;
    struct fhir_page page;
    struct fhir_query shown;
    struct buf b;
    TRY(api_enter(h));
    TRY(api_may(h, type, OP_READ));
    TRY(api_params_read(h, &ps));
    TRY(ask_read(h, &ps, &a));
    TRY(api_find(h, type, in.id, AUDIT_READ, &row));
    if (row.deleted) {
        return FAIL(&h->rq, E_GONE, "deleted");
    }
    TRY(page_find(h, &in, &a, &row, &page));
    shown = *page.q;
    buf_init(&b, h->rq.a, 256);
    buf_str(&b, fhir_type_name(type));
    buf_char(&b, '/');
    buf_str(&b, in.id);
    BUF_LIT(&b, "/$everything");
    shown.path = buf_get(&b);
    shown.self = a.self;
    page.q = &shown;
    page.has_total = false;
    buf_init(&b, h->rq.a, (size_t)64 << 20);
    TRY(fhir_page_write(&h->rq, &page, api_base(h), &b));
    return api_reply(h, 200, buf_get(&b));
}

enum err api_fhir_patient_everything(struct http_req *h)
{
    return everything(h, T_PATIENT);
}

enum err api_fhir_encounter_everything(struct http_req *h)
{
    return everything(h, T_ENCOUNTER);
}
