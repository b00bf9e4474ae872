/* care/people_plan.c - a file of organisations or people compared with what stands. See people.h. */
#include "care/content.h"
#include "care/people_int.h"

#include "base/text.h"
#include "codec/csv.h"
#include "store/blob.h"

bool people_reaches(const struct people_may *m, uint32_t org)
{
    return m->all || (org != DIR_NONE && m->top != DIR_NONE && dir_is_within(m->d, org, m->top));
}

uint32_t people_org_at(const struct directory *d, const struct dir_map *codes, struct str code)
{
    for (uint32_t i = str_hash(code) & codes->mask; codes->slots[i] != 0; i = (i + 1) & codes->mask) {
        uint32_t at = codes->slots[i] - 1;
        if (str_eq(d->orgs[at].code, code)) {
            return at;
        }
    }
    return dir_org_at(d, code);
}

static enum err map_codes(struct req *rq, const struct directory *d, struct dir_map *ret_codes)
{
    if (!dir_map_init(rq->a, d->n_orgs, ret_codes)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    for (uint32_t i = 0; i < d->n_orgs; i++) {
        if (d->orgs[i].code.n > 0) {
            dir_map_add(ret_codes, d->orgs[i].code, i);
        }
    }
    return OK;
}

/* For each row the first one of its key. */
static enum err link_rows(struct req *rq, struct people_plan *p)
{
    struct dir_map map;

    if (!dir_map_init(rq->a, p->n_rows, &map)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    for (uint32_t i = 0; i < p->n_rows; i++) {
        struct people_row *row = &p->rows[i];
        uint32_t at = row->key.n > 0 ? dir_map_find(&map, p->rows, sizeof *p->rows, row->key) : i;
        row->first = at == DIR_NONE ? i : at;
        if (row->first == i && row->key.n > 0) {
            dir_map_add(&map, row->key, i);
        }
    }
    return OK;
}

/* ---- the mark ---- */

static void mark_text(struct sha *s, struct str text)
{
    uint64_t n = text.n;
    sha_add(s, &n, sizeof n);
    sha_add(s, text.p, text.n);
}

static void mark_u64(struct sha *s, uint64_t v)
{
    sha_add(s, &v, sizeof v);
}

static void set_mark(struct req *rq, struct str file, const struct people_may *m, struct people_plan *p)
{
    struct sha s;
    uint8_t sum[32];
    struct buf b;

    sha_init(&s);
    mark_text(&s, file);
    mark_text(&s, m->all ? S("*") : m->top != DIR_NONE ? m->d->orgs[m->top].id : S("-"));
    for (uint32_t i = 0; i < p->n_rows; i++) {
        const struct people_row *r = &p->rows[i];
        mark_u64(&s, (uint64_t)r->act << 8 | (uint64_t)r->person_changes << 3 | (uint64_t)r->role_new << 2
                         | (uint64_t)r->role_changes << 1 | r->account_new);
        mark_u64(&s, r->version);
        mark_text(&s, r->id);
        mark_text(&s, r->org);
        mark_text(&s, r->role_id);
        for (uint32_t k = 0; k < r->n_services; k++) {
            mark_text(&s, r->services[k]);
        }
        for (uint32_t k = 0; k < r->n_changes; k++) {
            mark_text(&s, r->changes[k].column);
            mark_text(&s, r->changes[k].from);
            mark_text(&s, r->changes[k].to);
        }
    }
    sha_done(&s, sum);
    buf_init(&b, rq->a, 65);
    buf_hex(&b, sum, sizeof sum);
    for (size_t i = 0; i < b.n && i < sizeof p->mark - 1; i++) {
        p->mark[i] = b.p[i];
    }
}

/* ---- the plan ---- */

/* Faults come as they are found; people read them by line. */
static void sort_faults(struct people_fault *v, uint32_t n)
{
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) { /* nearly in order */
        for (uint32_t i = gap; i < n; i++) {
            struct people_fault x = v[i];
            uint32_t k = i;
            for (; k >= gap && v[k - gap].line > x.line; k -= gap) {
                v[k] = v[k - gap];
            }
            v[k] = x;
        }
    }
}

static enum err compare(struct people_read *r, const struct people_may *m)
{
    struct dir_map codes;

    TRY(map_codes(r->rq, m->d, &codes));
    TRY(link_rows(r->rq, r->p));
    return r->p->what == PEOPLE_ORGS ? people_compare_orgs(r, m, &codes) : people_compare_staff(r, m,
        &codes);
}

enum err people_plan(struct req *rq, struct str file, struct people_plan *ret_plan)
{
    struct people_plan p = {.what = PEOPLE_NOTHING, .separator = ','};
    struct people_read r = {.rq = rq, .p = &p};
    const struct role_ref *role = who_role(rq->who);
    struct people_may m = {.all = who_may(rq->who, IS_SYSTEM)};

    TRY(people_file_read(rq, file, &r));
    TRY(directory_get(rq, &m.d));
    m.top = role != NULL ? dir_org_at(m.d, role->org) : DIR_NONE;
    if (p.what != PEOPLE_NOTHING) {
        TRY(compare(&r, &m));
        set_mark(rq, file, &m, &p);
    }
    for (uint32_t i = 0; i < p.n_rows; i++) {
        p.n[p.rows[i].act]++;
        p.n_bare += p.rows[i].bare && p.rows[i].mine && p.rows[i].act != PEOPLE_WRONG;
    }
    sort_faults(r.faults, MIN(p.n_faults, r.faults_cap));
    p.faults = r.faults;
    if (!arena_whole(rq->a)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_plan = p;
    return OK;
}

struct people_line people_line_at(const struct people_plan *p, uint32_t row)
{
    const struct people_row *r = &p->rows[row];
    return (struct people_line){r->line, r->act, r->key, r->name, r->changes, r->n_changes};
}

void people_faults_write(struct req *rq, struct buf *b, const struct people_plan *p)
{
    static const char *const heads[] = {T("line"), T("column"), T("reason")};
    char separator = p->separator;

    BUF_LIT(b, "\xef\xbb\xbf");
    for (size_t i = 0; i < LEN(heads); i++) {
        csv_field(b, separator, i == 0, tr(rq->lang, heads[i]));
    }
    BUF_LIT(b, "\r\n");
    for (uint32_t i = 0; i < p->n_faults && i < PEOPLE_FAULTS_MAX; i++) {
        const struct people_fault *f = &p->faults[i];
        const struct text_arg what = {S("what"), f->what};
        struct buf text;
        buf_init(&text, rq->a, 1000);
        if (f->what.n > 0) {
            text_fill(&text, tr(rq->lang, f->text), &what, 1);
        }
        buf_u64(b, f->line);
        csv_field(b, separator, false, f->column);
        csv_field(b, separator, false, f->what.n > 0 ? buf_get(&text) : tr(rq->lang, f->text));
        BUF_LIT(b, "\r\n");
    }
}
