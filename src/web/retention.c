/* web/retention.c - how long each kind of thing is kept, for administrators: terms with their sources, how
 * much is past its term, what left last; and that the clock is right, after it jumped. Numbers only. */
#include "web/pages.h"

#include "base/text.h"
#include "care/retain.h"
#include "store/tx.h"
#include "web/page.h"
#include "web/tpl.h"

enum { SOURCES_MAX = 60 };
#define HERE "/system/retention"
#define CONFIRM_WITHIN_MS MS_HOUR /* the time that was shown is the time that is confirmed */

/* The sources, each once. */
struct sources {
    struct val *list;
    struct str seen[SOURCES_MAX];
    uint32_t n;
};

/* gives the number it is shown under, 1..; 0: there are too many */
static uint32_t source_no(struct http_req *h, struct sources *s, const struct text4 *source)
{
    struct str text = text4_get(source, h->rq.lang);
    for (uint32_t i = 0; i < s->n; i++) {
        if (str_eq(s->seen[i], text)) {
            return i + 1;
        }
    }
    if (s->n == SOURCES_MAX || text.n == 0) {
        return 0;
    }
    struct val *m = val_add_map(s->list);
    val_set_str(m, "text", text);
    val_set_str(m, "language", lang_code(source->v[h->rq.lang].n > 0 ? h->rq.lang : LANG_EN));
    s->seen[s->n++] = text;
    return s->n;
}

static void add_term(struct http_req *h, struct val *list, struct sources *sources, enum retain_id id,
                     const struct policy *p)
{
    const struct retain_kind *k = &retain_kinds[id];
    struct retain_term t = retain_term(care_of(&h->rq), id, p);
    struct val *m = val_add_map(list);
    val_set_bool(m, "ever", !t.set);
    val_set_bool(m, "ends", t.set && t.ms == 0);
    val_set_i64(m, "value", t.ms);
    val_set_str(m, "policy", k->where == RETAIN_BY_POLICY ? text4_get(&p->title, h->rq.lang) : S(""));
    val_set_str(m, "setting", k->where == RETAIN_BY_SETTING ? k->key : S(""));
    val_set_bool(m, "own", t.from == NULL && k->where != RETAIN_BY_SETTING);
    if (t.from != NULL) {
        val_set_i64(m, "source", source_no(h, sources, &t.from->source));
        val_set_bool(m, "verified", t.from->verified);
        val_set_str(m, "by", t.from->verified_by);
        val_set_str(m, "on", t.from->verified_on);
    }
}

static void add_kind(struct http_req *h, struct val *list, struct sources *sources, enum retain_id id,
                     const struct retain_seen *seen)
{
    const struct content *c = care_of(&h->rq)->content;
    const struct retain_kind *k = &retain_kinds[id];
    struct val *m = val_add_map(list);
    struct val *terms = val_set_list(m, "terms");
    val_set_str(m, "title", tr(h->rq.lang, k->title));
    val_set_str(m, "from", k->where == RETAIN_EVER ? S("") : tr(h->rq.lang, k->from));
    if (k->where == RETAIN_BY_POLICY) {
        for (uint32_t i = 0; i < c->n_policies; i++) {
            add_term(h, terms, sources, id, &c->policies[i]);
        }
    } else {
        add_term(h, terms, sources, id, NULL);
    }
    val_set_bool(m, "counted", seen->counted);
    val_set_i64(m, "past", (int64_t)seen->past);
    if (seen->later > 0) {
        val_set_i64(m, "later", (int64_t)seen->later);
        val_set_instant(m, "later_from", seen->later_from);
    }
    if (seen->past > 0) {
        val_set_instant(m, "oldest", seen->oldest);
    }
    if (seen->removed.ms > 0) {
        val_set_instant(m, "gone", seen->removed);
        val_set_i64(m, "gone_n", (int64_t)seen->removed_n);
    }
    if (seen->failed.ms > 0) {
        val_set_instant(m, "failed", seen->failed);
        val_set_str(m, "why", seen->why);
    }
}

static enum err set_clock(struct http_req *h, struct val *root)
{
    struct retain_clock clock;
    struct val *m = val_set_map(root, "clock");
    struct buf at;
    TRY(retain_clock_look(&h->rq, &clock));
    buf_init(&at, h->rq.a, 64);
    instant_write(&at, h->rq.now);
    val_set_bool(m, "jumped", !clock.trusted);
    val_set_str(m, "at", buf_get(&at));
    val_set_instant(m, "now", h->rq.now);
    val_set_instant(m, "seen", clock.seen);
    if (clock.trusted) {
        val_set_instant(root, "looked", clock.seen);
    }
    return OK;
}

static enum err show(struct http_req *h, unsigned status, struct val *root)
{
    struct retain_seen seen[RETAIN_COUNT];
    struct val *kinds = val_set_list(root, "kinds");
    struct sources sources = {.list = val_set_list(root, "sources")};
    bool failing = false;
    TRY(set_clock(h, root));
    TRY(retain_look(&h->rq, seen));
    for (enum retain_id id = 0; id < RETAIN_COUNT; id++) {
        add_kind(h, kinds, &sources, id, &seen[id]);
        failing = failing || seen[id].failed.ms > 0;
    }
    val_set_bool(root, "failing", failing);
    val_set_i64(root, "wait", care_of(&h->rq)->policy->wait.ms);
    return page_reply_status(h, status, root, tpl_system_retention);
}

enum err web_system_retention(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Terms of storage"), &root));
    return show(h, 200, root);
}

enum err web_system_retention_clock(struct http_req *h)
{
    enum err e = OK;
    struct instant at = {0};
    if (page_done_before(h, &e)) {
        return e;
    }
    bool read = instant_parse(page_sent(h, "at"), &at);
    if (!read || at.ms > h->rq.now.ms || at.ms < h->rq.now.ms - CONFIRM_WITHIN_MS) {
        struct val *root = NULL;
        TRY(page_begin(h, T("Terms of storage"), &root));
        page_error(h, root, "at", T("The time that was shown is not the time now. Look at it once more."));
        return show(h, 422, root);
    }
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(retain_clock_confirm(&h->rq, tx, WHY_ADMIN));
    return page_commit(h, tx, S(HERE "?done=retention-clock"));
}
