/* web/share.c - links by which a study of a case goes out to somebody without an account: made, listed and
 * ended by who asked or answers. */
#include "web/share.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/directory.h"
#include "care/modality.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/format.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { STUDIES_MAX = 50, LABEL_MAX = 400, FAULTS_MAX = 8 };

struct fault {
    const char *field, *text;
};
struct share_page {
    struct case_view v;
    struct share_made made;
    bool has_made;
    struct fault faults[FAULTS_MAX];
    uint32_t n_faults;
    bool abroad;   /* there are organisations of another country: where the receiver is is asked */
    bool ask_seen; /* names may stand in the pictures */
};

static void add_fault(struct share_page *p, const char *field, const char *text)
{
    if (p->n_faults < FAULTS_MAX) {
        p->faults[p->n_faults++] = (struct fault){field, text};
    }
}

static enum err open_page(struct http_req *h, struct share_page **ret_page)
{
    struct share_page *p = ARENA_NEW(h->rq.a, struct share_page);
    TRY_MEM(&h->rq, p);
    TRY(consult_view(&h->rq, http_param(h, S("case")), &p->v));
    if (!share_may(&h->rq, &p->v.row)) {
        return FAIL(&h->rq, E_FORBIDDEN, "only who asked or answers shares images");
    }
    TRY(abroad_any(&h->rq, &p->abroad));
    *ret_page = p;
    return OK;
}

/* ---- the page ---- */

/* "CT, 1 May 2024, chest": modalities, date, description. */
static struct str study_label(struct http_req *h, const struct dicom_study *s)
{
    struct buf b;
    uint64_t date = 0;
    buf_init(&b, h->rq.a, LABEL_MAX);
    buf_str(&b, modality_words(&h->rq, s->modalities));
    if (s->date.n == 8 && str_u64(s->date, &date)) {
        struct civil c = {.year = (int)(date / 10000), .month = (int)(date / 100 % 100),
                          .day = (int)(date % 100)};
        if (civil_is_valid(&c)) {
            BUF_LIT(&b, ", ");
            format_date(&b, h->rq.lang, &c);
        }
    }
    if (s->description.n > 0 && s->description.n < LABEL_MAX / 2) {
        BUF_LIT(&b, ", ");
        buf_str(&b, s->description);
    }
    return buf_get(&b);
}

static enum err set_studies(struct http_req *h, const struct share_page *p, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct val *f = NULL;
    struct str sent = page_sent(h, "study");
    bool has = false;
    TRY(DB_QUERY(&h->rq, &q, Q_DICOM_BY_CASE, sql_text(p->v.row.id)));
    TRY(db_next(&h->rq, &q, &has));
    for (uint32_t i = 0; has && i < STUDIES_MAX; i++) {
        struct dicom_study s;
        dicom_study_get(&h->rq, &q, &s);
        if (f == NULL) {
            f = page_field(h, root, "study", T("Which study"), sent.n > 0 ? sent : s.uid);
        }
        page_option(f, s.uid, study_label(h, &s));
        TRY(db_next(&h->rq, &q, &has));
    }
    val_set_bool(root, "studies", f != NULL);
    return OK;
}

static void set_number(struct http_req *h, struct val *root, const char *name, const char *label,
                       const char *const *values, size_t n, const char *usual)
{
    struct val *f = page_field(h, root, name, label, str_z(usual));
    for (size_t i = 0; i < n; i++) {
        page_option(f, str_z(values[i]), str_z(values[i]));
    }
}

static void set_check(struct http_req *h, struct val *root, const char *name, const char *label,
                      const char *text)
{
    struct val *f = page_field(h, root, name, label, S(""));
    val_set_bool(f, "many", true);
    page_option(f, S("1"), tr(h->rq.lang, text));
}

static void set_form(struct http_req *h, const struct share_page *p, struct val *root)
{
    static const char *const days[] = {"1", "3", "7", "14", "30"};
    static const char *const opens[] = {"1", "3", "5", "10", "20"};
    struct val *f = page_field(h, root, "receiver", T("Who is it for"), S(""));
    val_set_bool(f, "required", true);
    val_set_str(f, "hint", tr(h->rq.lang, T("Name of the clinic or the person, and the country.")));
    if (p->abroad) {
        val_set_bool(root, "ask_abroad", true);
        f = page_field(h, root, "country", T("Where is the receiver"), S(""));
        page_option(f, S("home"), tr(h->rq.lang, T("In this country")));
        page_option(f, S("other"), tr(h->rq.lang, T("In another country")));
        val_set_str(f, "hint", tr(h->rq.lang, T("With the patient's name it goes to another "
                                                "country only if the patient has agreed to that; "
                                                "without identity it may go.")));
    }
    f = page_field(h, root, "reason", T("Why is it shared"), S(""));
    val_set_bool(f, "required", true);
    f = page_field(h, root, "how", T("What goes out"), S("clean"));
    page_option(f, S("clean"),
                tr(h->rq.lang, T("Without identity: names, numbers and dates are removed")));
    page_option(f, S("moved"),
                tr(h->rq.lang, T("Without identity, dates moved: times between studies stay")));
    page_option(f, S("as-is"), tr(h->rq.lang, T("As it is, with the patient's name")));
    set_number(h, root, "days", T("Days the link holds"), days, LEN(days), "7");
    set_number(h, root, "opens", T("How many downloads"), opens, LEN(opens), "3");
    set_check(h, root, "code", T("Code"), T("Ask for a code that I tell the receiver on another way"));
    set_check(h, root, "consent", T("Consent"),
              T("The patient, or who decides for them, agreed that these images go to this receiver, "
                "also abroad"));
    if (p->ask_seen) {
        set_check(h, root, "seen", T("Text in the pictures"),
                  T("I looked at every picture: no name or number of the patient stands in them"));
    }
    val_set_bool(root, "ask_seen", p->ask_seen);
}

/* root.shares: the links of a case, the newest first. */
static enum err set_list(struct http_req *h, struct str case_id, bool open_only, struct val *root)
{
    struct share *shares = ARENA_ARRAY(h->rq.a, SHARES_MAX, struct share);
    struct val *list = val_set_list(root, "shares");
    const struct directory *dir = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, shares);
    TRY(share_list(&h->rq, case_id, shares, &n));
    TRY(directory_get(&h->rq, &dir));
    for (uint32_t i = 0; i < n; i++) {
        const struct share *s = &shares[i];
        bool open = share_is_open(s, h->rq.now);
        if (open_only && !open) {
            continue;
        }
        struct val *m = val_add_map(list);
        val_set_str(m, "id", s->id);
        val_set_str(m, "receiver", s->receiver);
        struct dicom_study study;
        enum err e = dicom_study_find(&h->rq, s->study, &study);
        if (e == E_NOT_FOUND) { /* a study that left keeps its links on record */
            err_clear(&h->rq);
        } else {
            TRY(e);
            val_set_str(m, "study", study_label(h, &study));
        }
        val_set_str(m, "reason", s->reason);
        val_set_str(m, "by", dir_person_name(dir, s->by));
        val_set_bool(m, "clean", s->how != SHARE_AS_IS);
        val_set_bool(m, "open", open);
        val_set_bool(m, "abroad", s->abroad);
        val_set_bool(m, "revoked", s->revoked_ms > 0);
        val_set_i64(m, "opens", s->opens);
        val_set_i64(m, "opens_max", s->opens_max);
        val_set_instant(m, "made", (struct instant){s->created_ms});
        val_set_instant(m, "until", (struct instant){s->expires_ms});
    }
    return OK;
}

enum err share_set_case(struct http_req *h, const struct case_row *row, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(&h->rq, &q, Q_DICOM_BY_CASE, sql_text(row->id)));
    TRY(db_next(&h->rq, &q, &has));
    val_set_bool(root, "share", has && share_may(&h->rq, row));
    return set_list(h, row->id, true, root);
}

static void set_made(struct http_req *h, const struct share_page *p, struct val *root)
{
    struct val *m = val_set_map(root, "made");
    struct buf b;
    buf_init(&b, h->rq.a, 600);
    buf_str(&b, http_public_url(h));
    BUF_LIT(&b, "/shared/");
    buf_str(&b, str_z(p->made.token));
    val_set_str(m, "link", buf_get(&b));
    if (p->made.code[0] != 0) {
        val_set_str(m, "code", str_z(p->made.code));
    }
}

static enum err show(struct http_req *h, struct share_page *p)
{
    struct val *root = NULL;
    TRY(case_begin(h, &p->v, T("Share images"), &root));
    page_kind(root, "narrow");
    for (uint32_t i = 0; i < p->n_faults; i++) {
        page_error(h, root, p->faults[i].field, p->faults[i].text);
    }
    TRY(set_studies(h, p, root));
    set_form(h, p, root);
    TRY(set_list(h, p->v.row.id, false, root));
    if (p->has_made) {
        set_made(h, p, root);
    }
    return page_reply_status(h, p->n_faults > 0 ? 422 : 200, root, tpl_case_share);
}

enum err web_case_share_page(struct http_req *h)
{
    struct share_page *p = NULL;
    TRY(open_page(h, &p));
    return show(h, p);
}

/* ---- making and ending ---- */

static enum share_how how_of(struct str s)
{
    return str_eq(s, S("clean")) ? SHARE_CLEAN : str_eq(s, S("moved")) ? SHARE_CLEAN_MOVED
                                             : str_eq(s, S("as-is"))   ? SHARE_AS_IS
                                                                       : SHARE_HOW_COUNT;
}

static uint32_t number_of(struct http_req *h, const char *name)
{
    uint64_t n = 0;
    return str_u64(page_sent(h, name), &n) && n > 0 && n < 1000 ? (uint32_t)n : 1000;
}

static void check(struct share_page *p, const struct share_ask *a, struct str country)
{
    if (p->abroad && !a->abroad && !str_eq(country, S("home"))) {
        add_fault(p, "country", T("Say where the receiver is."));
    }
    if (a->study.n == 0) {
        add_fault(p, "study", T("Choose a study."));
    }
    if (a->receiver.n == 0 || a->receiver.n > SHARE_TEXT_MAX) {
        add_fault(p, "receiver", T("Write who it is for, in at most 500 characters."));
    }
    if (a->reason.n < SHARE_REASON_MIN || a->reason.n > SHARE_TEXT_MAX) {
        add_fault(p, "reason", T("Write the reason in at least 10 characters, at most 500."));
    }
    if (a->how == SHARE_HOW_COUNT) {
        add_fault(p, "how", T("Choose what goes out."));
    }
    if (a->days > SHARE_DAYS_MAX) {
        add_fault(p, "days", T("Choose at most 30 days."));
    }
    if (a->opens > SHARE_OPENS_MAX) {
        add_fault(p, "opens", T("Choose at most 20 downloads."));
    }
    if (!a->consent) {
        add_fault(p, "consent", T("Without consent nothing is shared."));
    }
}

static enum err made(struct http_req *h)
{
    struct share_page *p = h->page_ctx;
    p->has_made = true;
    return show(h, p);
}

enum err web_case_share(struct http_req *h)
{
    struct share_page *p = NULL;
    struct tx *tx = tx_new(&h->rq);
    const struct share_ask ask = {
        .study = page_sent(h, "study"),
        .receiver = page_sent(h, "receiver"),
        .reason = page_sent(h, "reason"),
        .how = how_of(page_sent(h, "how")),
        .days = number_of(h, "days"),
        .opens = number_of(h, "opens"),
        .abroad = str_eq(page_sent(h, "country"), S("other")),
        .code = page_sent(h, "code").n > 0,
        .consent = page_sent(h, "consent").n > 0,
        .seen = page_sent(h, "seen").n > 0,
    };
    TRY_MEM(&h->rq, tx);
    TRY(open_page(h, &p));
    check(p, &ask, page_sent(h, "country"));
    if (p->n_faults > 0) {
        p->ask_seen = ask.seen;
        return show(h, p);
    }
    enum err e = share_make(&h->rq, tx, p->v.row.id, &ask, &p->made);
    if (e == E_CONFLICT) {
        add_fault(p, "seen", T("Such pictures often have the patient's name written in them. Look at each "
                               "one before it goes out."));
        p->ask_seen = true;
    } else if (e == E_UNPROCESSED && str_starts(str_z(h->rq.err.detail), S("the patient"))) {
        add_fault(p, "consent", T("The patient has withdrawn the consent to sharing: nothing goes out."));
    } else if (abroad_words(e, h->rq.err.detail) != NULL) {
        add_fault(p, "country", abroad_words(e, h->rq.err.detail));
    } else if (e == E_UNPROCESSED) {
        add_fault(p, "how", T("The study holds a document, which cannot be rid of identity."));
    }
    if (p->n_faults > 0) {
        err_clear(&h->rq);
        return show(h, p);
    }
    TRY(e);
    h->page_ctx = p;
    return http_commit(h, tx, made);
}

enum err web_case_share_end(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct str id = http_param(h, S("case"));
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(share_end(&h->rq, tx, id, http_param(h, S("share"))));
    return page_commit(h, tx, case_path(h, id, "/share?done=share-ended"));
}
