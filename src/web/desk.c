/* web/desk.c - the coordinator's one screen: what waits, worst clock first; who is on duty; how fast
 * the centre answers. */
#include "web/pages.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/content.h"
#include "care/figures.h"
#include "codec/utf8.h"
#include "web/arrived.h"
#include "web/case_item.h"
#include "store/tx.h"
#include "web/tpl.h"

enum { ROWS_READ = 500, ROWS_SHOWN = 100, PROPOSALS = 4, DUTY_EACH = 6, DUTY_SHOWN = 60 };
#define TIMES_SPAN (30 * MS_DAY)

/* What the address asks for. */
struct desk_filter {
    struct str urgency, profile, state, words;
};

struct desk {
    struct http_req *h;
    const struct directory *dir;
    struct str centre;
    struct desk_filter f;
    struct worklist_row *rows;
    uint32_t n;
};

static bool is_state(const struct case_row *row, const char *name)
{
    return str_eq(case_state_name(row), str_z(name));
}

/* Before the conclusion: what the desk is for. */
static bool is_running(const struct case_row *row)
{
    return row->answered_ms == 0 && !is_state(row, "refused");
}

static bool is_overdue(const struct desk *d, const struct case_row *row)
{
    return row->clock != CLOCK_NONE && row->paused_since_ms == 0 && row->due_ms < d->h->rq.now.ms;
}

static bool state_fits(const struct desk *d, const struct case_row *row)
{
    struct str s = d->f.state;
    if (str_eq(s, S("waiting"))) {
        return is_state(row, "submitted");
    }
    if (str_eq(s, S("overdue"))) {
        return is_overdue(d, row);
    }
    if (str_eq(s, S("paused"))) {
        return row->paused_since_ms != 0;
    }
    if (str_eq(s, S("after"))) {
        return !is_running(row);
    }
    return is_running(row);
}

/* Every word typed stands somewhere in patient, organisation or question. */
static bool words_fit(const struct desk *d, const struct worklist_row *r)
{
    struct buf hay;
    struct buf typed;
    struct str rest;
    struct str word;
    buf_init(&hay, d->h->rq.a, 4096);
    buf_init(&typed, d->h->rq.a, 512);
    utf8_fold(&typed, utf8_cut(d->f.words, 200));
    utf8_fold(&hay, r->patient_name);
    buf_char(&hay, ' ');
    utf8_fold(&hay, r->asker_org_name);
    buf_char(&hay, ' ');
    utf8_fold(&hay, r->question);
    rest = buf_get(&typed);
    while (str_cut(&rest, ' ', &word)) {
        if (str_find(buf_get(&hay), word) == hay.n && word.n > 0) {
            return false;
        }
    }
    return true;
}

static bool row_fits(const struct desk *d, const struct worklist_row *r)
{
    return state_fits(d, &r->row)
           && (d->f.urgency.n == 0 || str_eq(d->f.urgency, case_urgency(d->h, &r->row)))
           && (d->f.profile.n == 0 || str_eq(d->f.profile, r->row.profile))
           && (d->f.words.n == 0 || words_fit(d, r));
}

/* "service" or "service/person", with what people read. */
static void add_target(const struct desk *d, struct val *list, const struct dir_service *s,
                       const struct dir_person *p, uint32_t on_duty)
{
    struct val *o = val_add_map(list);
    struct buf b;
    buf_init(&b, d->h->rq.a, 200);
    buf_str(&b, s->id);
    if (p != NULL) {
        buf_char(&b, '/');
        buf_str(&b, p->id);
        val_set_str(o, "person", p->name);
    }
    val_set_str(o, "value", buf_get(&b));
    val_set_str(o, "service", s->name);
    val_set_str(o, "org", d->dir->orgs[s->org].name);
    val_set_i64(o, "on_duty", on_duty);
}

/* To whom a waiting case may go, best first: the service asked, then the nearest, each with the people
 * on duty now. */
static void set_targets(const struct desk *d, const struct case_row *row, struct val *item)
{
    struct val *list = val_set_list(item, "targets");
    struct dir_proposal best[PROPOSALS];
    uint32_t asked = dir_service_at(d->dir, row->service);
    uint32_t n = dir_propose(d->dir, row->asker_org, row->profile, row->urgency < 2,
                             d->h->rq.now, best, PROPOSALS);
    for (uint32_t i = 0; i <= n; i++) {
        uint32_t at = i == 0 ? asked : best[i - 1].service;
        uint32_t people[DUTY_EACH];
        if (at == DIR_NONE || (i > 0 && at == asked)) {
            continue;
        }
        const struct dir_service *s = &d->dir->services[at];
        uint32_t k = dir_on_duty(d->dir, at, d->h->rq.now, people, DUTY_EACH);
        add_target(d, list, s, NULL, k);
        for (uint32_t j = 0; j < k; j++) {
            add_target(d, list, s, &d->dir->people[people[j]], k);
        }
    }
}

static void set_rows(const struct desk *d, struct val *root)
{
    struct val *list = val_set_list(root, "rows");
    uint32_t fit = 0;
    bool may = who_may(d->h->rq.who, MAY_COORDINATE);
    for (uint32_t i = 0; i < d->n; i++) {
        if (!row_fits(d, &d->rows[i]) || ++fit > ROWS_SHOWN) {
            continue;
        }
        struct val *item = val_add_map(list);
        case_item(d->h, d->dir, &d->rows[i], item);
        if (may && is_state(&d->rows[i].row, "submitted")) {
            set_targets(d, &d->rows[i].row, item);
        }
    }
    val_set_i64(root, "fit", fit);
    val_set_i64(root, "more", fit > ROWS_SHOWN ? fit - ROWS_SHOWN : 0);
}

/* An address of the desk with one filter set to value and the others kept. */
static struct str filter_path(const struct desk *d, const char *key, struct str value)
{
    const struct {
        const char *key;
        struct str value;
    } all[] = {{"urgency", d->f.urgency},
               {"profile", d->f.profile},
               {"state", d->f.state},
               {"q", d->f.words}};
    struct buf b;
    buf_init(&b, d->h->rq.a, 2048);
    BUF_LIT(&b, "/desk");
    for (size_t i = 0; i < LEN(all); i++) {
        struct str v = str_eq(str_z(all[i].key), str_z(key)) ? value : all[i].value;
        if (v.n > 0) {
            page_query(&b, all[i].key, v);
        }
    }
    return buf_get(&b);
}

static void add_filter(const struct desk *d, struct val *list, const char *key, struct str value,
                       struct str text, int64_t n, bool on)
{
    struct val *m = val_add_map(list);
    val_set_str(m, "href", filter_path(d, key, on ? S("") : value));
    val_set_str(m, "value", value);
    val_set_str(m, "text", text);
    val_set_i64(m, "n", n);
    val_set_bool(m, "current", on);
}

/* Numbers on top, and the filters with how many cases each would show. */
static void set_counts(const struct desk *d, struct val *root)
{
    const struct content *c = care_of(&d->h->rq)->content;
    struct val *by_urgency = val_set_list(root, "urgencies");
    struct val *by_profile = val_set_list(root, "profiles");
    struct val *counts = val_set_map(root, "counts");
    int64_t running = 0, waiting = 0, overdue = 0, paused = 0, after = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        const struct case_row *row = &d->rows[i].row;
        running += is_running(row);
        after += !is_running(row);
        waiting += is_state(row, "submitted");
        overdue += is_overdue(d, row);
        paused += row->paused_since_ms != 0;
    }
    val_set_i64(counts, "running", running);
    val_set_i64(counts, "waiting", waiting);
    val_set_i64(counts, "overdue", overdue);
    val_set_i64(counts, "paused", paused);
    val_set_i64(counts, "after", after);
    for (uint32_t u = 0; u < c->n_urgencies; u++) {
        int64_t n = 0;
        for (uint32_t i = 0; i < d->n; i++) {
            n += d->rows[i].row.urgency == u && state_fits(d, &d->rows[i].row);
        }
        add_filter(d, by_urgency, "urgency", c->urgencies[u].code,
                   text4_get(&c->urgencies[u].title, d->h->rq.lang), n,
                   str_eq(d->f.urgency, c->urgencies[u].code));
    }
    for (uint32_t p = 0; p < c->n_profiles; p++) {
        int64_t n = 0;
        for (uint32_t i = 0; i < d->n; i++) {
            n += str_eq(d->rows[i].row.profile, c->profiles[p].code)
                 && state_fits(d, &d->rows[i].row);
        }
        add_filter(d, by_profile, "profile", c->profiles[p].code,
                   text4_get(&c->profiles[p].title, d->h->rq.lang), n,
                   str_eq(d->f.profile, c->profiles[p].code));
    }
}

/* Open cases of a person among the rows read. */
static int64_t load_of(const struct desk *d, struct str person)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        n += is_running(&d->rows[i].row) && str_eq(d->rows[i].row.consultant, person);
    }
    return n;
}

/* Who is on duty now for the services whose cases this centre routes. */
static void set_duty(const struct desk *d, struct val *root)
{
    struct val *list = val_set_list(root, "duty");
    int64_t now = d->h->rq.now.ms;
    uint32_t centre = dir_org_at(d->dir, d->centre);
    for (uint32_t i = 0; i < d->dir->n_duties && list != NULL && list->n < DUTY_SHOWN; i++) {
        const struct dir_duty *duty = &d->dir->duties[i];
        const struct dir_service *s = &d->dir->services[duty->service];
        if (s->centre != centre || duty->from_ms > now || duty->to_ms <= now) {
            continue;
        }
        const struct dir_person *p = &d->dir->people[duty->person];
        struct val *m = val_add_map(list);
        val_set_str(m, "name", p->name);
        val_set_str(m, "service", s->name);
        val_set_str(m, "phone", d->dir->orgs[s->org].phone);
        val_set_instant(m, "until", (struct instant){duty->to_ms});
        val_set_i64(m, "load", load_of(d, p->id));
    }
}

/* How fast the centre was in the last 30 days, by urgency. */
static enum err set_times(const struct desk *d, struct val *root)
{
    struct req *rq = &d->h->rq;
    const struct content *c = care_of(rq)->content;
    struct figure_case *cases = NULL;
    struct figure figures[8];
    uint32_t n = 0;
    uint32_t groups = 0;
    struct val *list = val_set_list(root, "times");
    TRY(figures_read(rq, d->centre, (struct instant){rq->now.ms - TIMES_SPAN}, rq->now, &cases,
                     &n));
    TRY(figures_group(rq, cases, n, FIGURE_URGENCY, figures, LEN(figures), &groups));
    for (uint32_t i = 0; i < groups; i++) {
        uint64_t u = 0;
        struct val *m = val_add_map(list);
        if (str_u64(figures[i].key, &u) && u < c->n_urgencies) {
            val_set_str(m, "urgency", c->urgencies[u].code);
        }
        val_set_i64(m, "n", figures[i].n);
        val_set_bool(m, "has_accept", figures[i].accept_median_ms >= 0);
        val_set_i64(m, "accept", figures[i].accept_median_ms);
        val_set_bool(m, "has_answer", figures[i].answer_median_ms >= 0);
        val_set_i64(m, "answer", figures[i].answer_median_ms);
        val_set_i64(m, "late", figures[i].answer_late);
    }
    return OK;
}

static struct str filter(struct http_req *h, const char *name)
{
    struct str v = http_query(h, str_z(name));
    return v.p != NULL ? utf8_cut(str_trim(v), 200) : S("");
}

enum err web_desk(struct http_req *h)
{
    struct val *root = NULL;
    struct desk d = {.h = h, .centre = who_role(h->rq.who)->org};
    d.f = (struct desk_filter){filter(h, "urgency"), filter(h, "profile"), filter(h, "state"),
                               filter(h, "q")};
    d.rows = ARENA_ARRAY(h->rq.a, ROWS_READ, struct worklist_row);
    TRY_MEM(&h->rq, d.rows);
    TRY(page_begin(h, T("Desk"), &root));
    TRY(directory_get(&h->rq, &d.dir));
    TRY(consult_worklist(&h->rq, WORK_DESK, d.centre, NULL, d.rows, ROWS_READ, &d.n));
    set_rows(&d, root);
    set_counts(&d, root);
    set_duty(&d, root);
    TRY(set_times(&d, root));
    val_set_str(root, "words", d.f.words);
    val_set_str(root, "state", d.f.state);
    val_set_str(root, "urgency", d.f.urgency);
    val_set_str(root, "profile", d.f.profile);
    val_set_bool(root, "filtered", d.f.urgency.n + d.f.profile.n + d.f.words.n > 0);
    val_set_str(root, "clear", page_path(h, "/desk?state=", d.f.state, ""));
    TRY(arrived_waiting(h, root));
    page_kind(root, "wide");
    page_events(root, S("/events"));
    val_set_bool(page_map(root, "page"), "fresh", true);
    return page_reply(h, root, tpl_desk);
}

enum err web_desk_allocate(struct http_req *h)
{
    enum err e = OK;
    struct care_move_args args = {0};
    struct str to = page_sent(h, "to");
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    args.person = to;
    (void)str_cut(&args.person, '/', &args.service);
    if (args.service.n == 0) {
        return http_redirect(h, page_path(h, "/cases/", http_param(h, S("case")), "/allocate"));
    }
    if (args.person.p == NULL) {
        args.person = S("");
    }
    if (!str_u64(page_sent(h, "version"), &args.expect)) {
        args.expect = 0;
    }
    TRY(consult_move(&h->rq, tx, http_param(h, S("case")), S("allocate"), &args));
    return page_commit(h, tx, page_back(h, "/desk", "allocate"));
}
