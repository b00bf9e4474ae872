/* web/record.c - the record for auditors: whether its chains hold, who looked, changed or was refused.
 * It names cases by their number and nobody's data. */
#include "web/pages.h"

#include <string.h>

#include "base/text.h"
#include "care/care.h"
#include "care/consult.h"
#include "care/record.h"
#include "codec/utf8.h"
#include "fhir/type.h"
#include "os/file.h"
#include "os/random.h"
#include "store/db.h"
#include "store/store.h"
#include "store/tx.h"
#include "web/audit_about.h"
#include "web/audit_words.h"
#include "web/page.h"
#include "web/tpl.h"

enum { ROWS = 60, WORDS_MAX = 100, TABLE_BLOCK = 256 * 1024 };

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
    struct str about; /* as typed: whose records; empty: anybody's */
    struct audit_people people; /* who fits about */
    enum err failed;  /* what kept a record from being looked at */
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

/* Where it stands who can see the patient a record is about. */
static struct str sight_of(struct http_req *h, const struct audit_row *r)
{
    struct res_row row;
    if (r->patient_rid <= 0) {
        return S("");
    }
    if (db_head_rid(&h->rq, r->patient_rid, &row) != OK) {
        err_clear(&h->rq);
        return S("");
    }
    return row.type == T_PATIENT ? page_path(h, "/record/patients/", row.id, "") : S("");
}

/* Every word typed stands in the person's name, login, organisation, address or the case's number. */
static bool words_fit(struct req *rq, const struct audit_row *r, const struct search *s)
{
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

static bool fits(struct req *rq, const struct audit_row *r, void *ctx)
{
    struct search *s = ctx;
    bool is = true;
    if (s->about.n > 0) {
        struct arena_mark mark = arena_mark(rq->a);
        s->failed = s->failed == OK ? audit_is_about(rq, s->dir, r, &s->people, &is) : s->failed;
        arena_back(rq->a, mark);
        is = is && s->failed == OK;
    }
    return is && (s->words.n == 0 || words_fit(rq, r, s));
}

static struct str asked_words(struct http_req *h)
{
    return utf8_cut(str_trim(http_query(h, S("q"))), WORDS_MAX);
}

static struct str asked_about(struct http_req *h)
{
    return utf8_cut(str_trim(http_query(h, S("about"))), WORDS_MAX);
}

/* What was asked for, of a kind. */
static void address(struct http_req *h, struct buf *b, const char *path, enum record_kind kind)
{
    const struct {
        const char *key;
        struct str value;
    } asked[] = {{"q", asked_words(h)}, {"about", asked_about(h)}};
    buf_init(b, h->rq.a, 1024);
    buf_str(b, str_z(path));
    if (kind != RECORD_ALL) {
        page_query(b, "kind", str_z(kinds[kind].code));
    }
    for (size_t i = 0; i < LEN(asked); i++) {
        if (asked[i].value.n > 0) {
            page_query(b, asked[i].key, asked[i].value);
        }
    }
}

static enum record_kind asked_kind(struct http_req *h)
{
    struct str asked = http_query(h, S("kind"));
    enum record_kind on = RECORD_ALL;
    for (enum record_kind k = RECORD_ALL; k < RECORD_KIND_COUNT; k++) {
        on = str_eq(asked, str_z(kinds[k].code)) ? k : on;
    }
    return on;
}

static enum err search_begin(struct http_req *h, struct search *ret_search)
{
    struct buf folded;
    struct search s = {.h = h};
    TRY(directory_get(&h->rq, &s.dir));
    buf_init(&folded, h->rq.a, 512);
    utf8_fold(&folded, asked_words(h));
    s.words = buf_get(&folded);
    s.about = asked_about(h);
    if (s.about.n > 0) {
        TRY(audit_people_find(h, s.dir, s.about, &s.people));
    }
    *ret_search = s;
    return OK;
}

static enum record_kind set_kinds(struct http_req *h, struct val *root)
{
    struct val *list = val_set_list(root, "kinds");
    enum record_kind on = asked_kind(h);
    for (enum record_kind k = RECORD_ALL; k < RECORD_KIND_COUNT; k++) {
        struct val *m = val_add_map(list);
        struct buf b;
        address(h, &b, "/record", k);
        val_set_str(m, "href", buf_get(&b));
        val_set_str(m, "text", tr(h->rq.lang, kinds[k].text));
        val_set_bool(m, "current", k == on);
    }
    val_set_z(root, "kind", kinds[on].code);
    return on;
}

static enum err set_rows(struct http_req *h, const struct directory *dir, struct val *root,
                         const struct audit_row *rows, size_t n)
{
    struct val *list = val_set_list(root, "rows");
    for (size_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        audit_words(h, dir, &rows[i], m);
        val_set_str(m, "login", rows[i].login);
        val_set_str(m, "peer", rows[i].peer);
        val_set_str(m, "sight", sight_of(h, &rows[i]));
        val_set_str(m, "number", number_of(h, &rows[i]));
        val_set_i64(m, "seq", (int64_t)rows[i].seq);
        TRY(audit_about_set(h, dir, &rows[i], m));
    }
    return OK;
}

static enum err set_found(struct http_req *h, struct val *root)
{
    struct audit_row *rows = ARENA_ARRAY(h->rq.a, ROWS, struct audit_row);
    struct str words = asked_words(h);
    struct search s;
    struct buf b;
    uint64_t before = 0;
    uint64_t next = 0;
    size_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(search_begin(h, &s));
    if (!str_u64(http_query(h, S("before")), &before)) {
        before = 0;
    }
    enum record_kind kind = set_kinds(h, root);
    bool chosen = words.n > 0 || s.about.n > 0;
    TRY(record_find(&h->rq, kind, before, chosen ? fits : NULL, &s, ROWS, rows, &n, &next));
    TRY(s.failed);
    TRY(set_rows(h, s.dir, root, rows, n));
    val_set_str(root, "about", s.about);
    val_set_str(root, "words", words);
    val_set_bool(root, "filtered", chosen || kind != RECORD_ALL);
    address(h, &b, "/record/download", kind);
    val_set_str(root, "download", buf_get(&b));
    if (next != 0) {
        address(h, &b, "/record", kind);
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

/* ---- taking it away ---- */

/* A table of text on its way into a file that has no name any more. */
struct table {
    struct http_req *h;
    struct search s;
    int fd;
    uint64_t at;
    struct buf b; /* what is not written yet */
    char separator;
};

static enum err table_flush(struct table *t)
{
    if (t->b.failed) {
        return FAIL(&t->h->rq, E_TOO_LARGE, "record");
    }
    TRY(os_write_at(&t->h->rq, t->fd, t->at, t->b.p, t->b.n));
    t->at += t->b.n;
    t->b.n = 0;
    return OK;
}

/* RFC 4180. What a spreadsheet would take for a formula begins with an apostrophe. */
static void table_cell(struct table *t, struct str v, bool last)
{
    bool formula = v.n > 0 && memchr("=+-@\t\r", v.p[0], 6) != NULL;
    BUF_LIT(&t->b, "\"");
    buf_str(&t->b, formula ? S("'") : S(""));
    for (size_t i = 0; i < v.n; i++) {
        buf_str(&t->b, v.p[i] == '"' ? S("\"\"") : str_sub(v, i, 1));
    }
    BUF_LIT(&t->b, "\"");
    buf_str(&t->b, last ? S("\r\n") : (struct str){&t->separator, 1});
}

static struct str text_of(const struct val *m, const char *key)
{
    const struct val *v = val_find(m, str_z(key));
    return v != NULL ? v->s : S("");
}

static enum err table_row(struct req *rq, const struct audit_row *r, void *ctx)
{
    static const char *const words[] = {"who", "role", "org", "what", "about", "why"};
    struct table *t = ctx;
    struct val *m = val_map(rq->a);
    struct buf seq;
    struct buf at;
    TRY_MEM(rq, m);
    struct str about = {0};
    TRY(t->s.failed);
    audit_words(t->h, t->s.dir, r, m);
    TRY(audit_about_text(t->h, t->s.dir, r, &about));
    buf_init(&seq, rq->a, 24);
    buf_u64(&seq, r->seq);
    buf_init(&at, rq->a, 64);
    instant_write(&at, r->at);
    table_cell(t, buf_get(&seq), false);
    table_cell(t, buf_get(&at), false);
    table_cell(t, r->login, false);
    for (size_t i = 0; i < LEN(words); i++) {
        bool is_about = str_eq(str_z(words[i]), S("about"));
        table_cell(t, is_about ? about : text_of(m, words[i]), false);
    }
    table_cell(t, r->outcome != OK ? tr(rq->lang, T("refused")) : S(""), false);
    table_cell(t, number_of(t->h, r), false);
    table_cell(t, r->peer, true);
    return t->b.n > TABLE_BLOCK / 2 ? table_flush(t) : OK;
}

static enum err table_fill(struct table *t)
{
    static const char *const heads[] = {
        T("Number"), T("When"), T("Login"), T("Who"), T("Role"), T("Organisation"),
        T("What"), T("About whom or what"), T("Why"), T("Refused"), T("Case"), T("From where")};
    struct http_req *h = t->h;
    BUF_LIT(&t->b, "\xEF\xBB\xBF");
    for (size_t i = 0; i < LEN(heads); i++) {
        table_cell(t, tr(h->rq.lang, heads[i]), i + 1 == LEN(heads));
    }
    bool chosen = t->s.words.n > 0 || t->s.about.n > 0;
    TRY(record_export(&h->rq, asked_kind(h), chosen ? fits : NULL, &t->s, table_row, t));
    TRY(t->s.failed);
    return table_flush(t);
}

enum err web_record_download(struct http_req *h)
{
    struct table t = {.h = h, .fd = -1, .separator = h->rq.lang == LANG_EN ? ',' : ';'};
    char path[OS_PATH_MAX];
    char id[OS_ID_LEN + 1];
    struct buf name;
    TRY(search_begin(h, &t.s));
    /* Whole from the beginning: pages of records come and go above it. */
    t.b = (struct buf){.a = h->rq.a, .p = arena_alloc_raw(h->rq.a, TABLE_BLOCK), .size = TABLE_BLOCK,
                       .cap = TABLE_BLOCK};
    TRY_MEM(&h->rq, t.b.p);
    buf_init(&name, h->rq.a, 64);
    os_id(id);
    BUF_LIT(&name, "record-");
    buf_str(&name, str_z(id));
    TRY(os_path(&h->rq, str_z(store_dir(care_of(&h->rq)->store)), buf_get(&name), path));
    TRY(os_open_new(&h->rq, path, &t.fd));
    enum err e = os_remove(&h->rq, path);
    e = e == OK ? table_fill(&t) : e;
    if (e != OK) {
        os_close(t.fd);
        return e;
    }
    const struct http_disk_file f = {.fd = t.fd, .size_bytes = t.at, .type = S("text/csv; charset=utf-8"),
                                     .filename = S("record.csv")};
    return http_reply_file(h, &f);
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
