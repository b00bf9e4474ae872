/* web/record.c - the record for auditors: whether its chains hold, who looked, changed or was refused.
 * It names cases by their number and nobody's data. */
#include "web/pages.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/record.h"
#include "codec/utf8.h"
#include "fhir/type.h"
#include "store/db.h"
#include "store/tx.h"
#include "web/audit_words.h"
#include "web/page.h"
#include "web/tpl.h"

enum { ROWS = 60, WORDS_MAX = 100 };

static const struct {
    const char *code;
    const char *text;
} kinds[RECORD_KIND_COUNT] = {
    [RECORD_ALL] = {"", T("Everything")},
    [RECORD_REFUSED] = {"refused", T("Refused")},
    [RECORD_OUTSIDE] = {"outside", T("Opened outside the team")},
    [RECORD_SIGN_IN] = {"sign-in", T("Sign-in, passwords, tokens")},
    [RECORD_PAPERS] = {"papers", T("Signed, printed, taken away")},
    [RECORD_ADMIN] = {"admin", T("Administration")},
};

static const char *const faults[] = {
    [AUDIT_HOLDS] = "",
    [AUDIT_ALTERED] = T("A record was altered or moved."),
    [AUDIT_REMOVED] = T("A record is missing in the middle."),
    [AUDIT_CUT] = T("The newest records were removed."),
    [AUDIT_TX_BROKEN] = T("The chain of changes is broken."),
    [AUDIT_HEAD_BAD] = T("The signed end of the record is missing or altered."),
};

/* ---- looking for records ---- */

struct search {
    struct http_req *h;
    const struct directory *dir;
    struct str words; /* folded */
};

/* "5MCKJPI2": of the case a record is about; empty when it is about none. */
static struct str number_of(struct http_req *h, const struct audit_row *r)
{
    struct res_row row;
    if (r->case_rid == 0) {
        return r->type == T_SERVICE_REQUEST && r->id.n > 0 ? case_number(h->rq.a, r->id) : S("");
    }
    if (db_head_rid(&h->rq, r->case_rid, &row) != OK) {
        err_clear(&h->rq);
        return S("");
    }
    return case_number(h->rq.a, row.id);
}

/* Every word typed stands in the person's name, login, organisation, address or the case's number. */
static bool words_fit(struct req *rq, const struct audit_row *r, void *ctx)
{
    const struct search *s = ctx;
    struct arena_mark mark = arena_mark(rq->a);
    struct str rest = s->words;
    struct str word;
    struct buf hay;
    bool fits = true;
    const struct str parts[] = {
        r->actor.n > 0 ? dir_person_name(s->dir, r->actor) : S(""), r->login,
        r->org.n > 0 ? dir_org_name(s->dir, r->org) : S(""), r->peer, number_of(s->h, r)};
    buf_init(&hay, rq->a, 4096);
    for (size_t i = 0; i < LEN(parts); i++) {
        utf8_fold(&hay, parts[i]);
        buf_char(&hay, ' ');
    }
    while (fits && str_cut(&rest, ' ', &word)) {
        fits = word.n == 0 || str_find(buf_get(&hay), word) < hay.n;
    }
    arena_back(rq->a, mark);
    return fits;
}

static void address(struct http_req *h, struct buf *b, enum record_kind kind, struct str words)
{
    buf_init(b, h->rq.a, 1024);
    BUF_LIT(b, "/record");
    if (kind != RECORD_ALL) {
        page_query(b, "kind", str_z(kinds[kind].code));
    }
    if (words.n > 0) {
        page_query(b, "q", words);
    }
}

static enum record_kind set_kinds(struct http_req *h, struct val *root, struct str words)
{
    struct str asked = http_query(h, S("kind"));
    struct val *list = val_set_list(root, "kinds");
    enum record_kind on = RECORD_ALL;
    for (enum record_kind k = RECORD_ALL; k < RECORD_KIND_COUNT; k++) {
        on = str_eq(asked, str_z(kinds[k].code)) ? k : on;
    }
    for (enum record_kind k = RECORD_ALL; k < RECORD_KIND_COUNT; k++) {
        struct val *m = val_add_map(list);
        struct buf b;
        address(h, &b, k, words);
        val_set_str(m, "href", buf_get(&b));
        val_set_str(m, "text", tr(h->rq.lang, kinds[k].text));
        val_set_bool(m, "current", k == on);
    }
    val_set_z(root, "kind", kinds[on].code);
    return on;
}

static void set_rows(struct http_req *h, const struct directory *dir, struct val *root,
                     const struct audit_row *rows, size_t n)
{
    struct val *list = val_set_list(root, "rows");
    for (size_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        audit_words(h, dir, &rows[i], m);
        val_set_str(m, "login", rows[i].login);
        val_set_str(m, "peer", rows[i].peer);
        val_set_str(m, "number", number_of(h, &rows[i]));
        val_set_i64(m, "seq", (int64_t)rows[i].seq);
    }
}

static enum err set_found(struct http_req *h, struct val *root)
{
    struct audit_row *rows = ARENA_ARRAY(h->rq.a, ROWS, struct audit_row);
    struct str words = utf8_cut(str_trim(http_query(h, S("q"))), WORDS_MAX);
    struct search s = {.h = h};
    struct buf folded;
    uint64_t before = 0;
    uint64_t next = 0;
    size_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(directory_get(&h->rq, &s.dir));
    if (!str_u64(http_query(h, S("before")), &before)) {
        before = 0;
    }
    buf_init(&folded, h->rq.a, 512);
    utf8_fold(&folded, words);
    s.words = buf_get(&folded);
    enum record_kind kind = set_kinds(h, root, words);
    TRY(record_find(&h->rq, kind, before, words.n > 0 ? words_fit : NULL, &s, ROWS, rows, &n,
                    &next));
    set_rows(h, s.dir, root, rows, n);
    val_set_str(root, "words", words);
    val_set_bool(root, "filtered", words.n > 0 || kind != RECORD_ALL);
    if (next != 0) {
        struct buf b;
        address(h, &b, kind, words);
        buf_str(&b, str_find_char(buf_get(&b), '?') < b.n ? S("&before=") : S("?before="));
        buf_u64(&b, next);
        val_set_str(root, "older", buf_get(&b));
    }
    return OK;
}

/* ---- the proof ---- */

static enum err set_proof(struct http_req *h, struct val *root)
{
    struct record_proof p;
    TRY(record_proof_last(&h->rq, &p));
    if (p.at.ms == 0) {
        return OK;
    }
    struct val *m = val_set_map(root, "proof");
    val_set_instant(m, "at", p.at);
    val_set_bool(m, "holds", p.report.fault == AUDIT_HOLDS);
    val_set_i64(m, "records", (int64_t)p.report.n_audit);
    val_set_i64(m, "changes", (int64_t)p.report.n_tx);
    if (p.report.fault != AUDIT_HOLDS) {
        val_set_str(m, "fault", tr(h->rq.lang, faults[p.report.fault]));
        val_set_i64(m, "seq", (int64_t)p.report.seq);
    }
    return OK;
}

enum err web_record(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Record"), &root));
    TRY(set_proof(h, root));
    TRY(set_found(h, root));
    page_kind(root, "wide");
    return page_reply(h, root, tpl_record);
}

enum err web_record_prove(struct http_req *h)
{
    struct record_proof p;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(record_prove(&h->rq, tx, &p));
    return page_commit(h, tx, S("/record?done=proved"));
}
