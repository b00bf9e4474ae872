/* web/page.c - the frame's values, rendering inside the shell, texts of pages. See page.h. */
#include "web/page_int.h"

#include "base/text.h"
#include "care/content.h"
#include "care/glass.h"
#include "care/notice.h"
#include "care/ring.h"
#include "care/who.h"
#include "os/random.h"
#include "web/format.h"
#include "web/web.h"

enum { TEXT_CAP = 16 << 10 };

static const struct {
    const char *code;
    const char *kind;
    const char *what;
    const char *next;
} flashes[] = {
#define X(code, kind, what, next) {code, kind, what, next},
#include "web/flash.def"
#undef X
};

/* What the header offers, in order; rights 0: everybody signed in. */
static const struct {
    const char *href;
    const char *text;
    uint32_t rights;
    bool work; /* stays in sight on phones; the others are in the menu */
} nav[] = {
    {"/my", T("My record"), IS_PATIENT, true},
    {"/home", T("Home"), 0, false},
    {"/desk", T("Desk"), MAY_COORDINATE, true},
    {"/work", T("Worklist"), MAY_ANSWER, true},
    {"/mine", T("My cases"), MAY_ASK, true},
    {"/ask", T("New request"), MAY_ASK, true},
    {"/visits", T("Visits"), MAY_VISIT | MAY_BOOK, true},
    {"/patients", T("Patients"), MAY_VISIT | MAY_REGISTER, false},
    {"/duty", T("Duty"), MAY_ANSWER | MAY_COORDINATE | MAY_HEAD, false},
    {"/consilia", T("Consilia"), MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD, false},
    {"/figures", T("Figures"), MAY_COORDINATE | MAY_HEAD, true},
    {"/record", T("Record"), MAY_AUDIT, true},
    {"/glass", T("Outside the team"), MAY_HEAD | MAY_AUDIT, true},
    {"/system", T("System"), MAY_ADMIN, true},
    {"/staff", T("People and organisations"), MAY_ADMIN, true},
    {"/directory", T("Directory"), 0, false},
    {"/help", T("Help"), 0, false},
};

static const struct {
    const char *key;
    uint32_t right;
} rights[] = {
    {"ask", MAY_ASK},         {"answer", MAY_ANSWER},     {"coordinate", MAY_COORDINATE},
    {"head", MAY_HEAD},       {"register", MAY_REGISTER}, {"admin", MAY_ADMIN},
    {"audit", MAY_AUDIT},     {"visit", MAY_VISIT},
    {"book", MAY_BOOK},
};

struct str page_text(struct http_req *h, const char *msgid, const struct text_arg *args, size_t n)
{
    struct buf b;
    buf_init(&b, h->rq.a, TEXT_CAP);
    text_fill(&b, tr(h->rq.lang, msgid), args, n);
    return buf_get(&b);
}

struct str page_duration(struct http_req *h, int64_t ms)
{
    struct buf b;
    buf_init(&b, h->rq.a, TEXT_CAP);
    format_duration(&b, h->rq.lang, ms);
    return buf_get(&b);
}

int page_tz(const struct http_req *h)
{
    return zone_at(page_zone(h), h->rq.now.ms);
}

const struct zone *page_zone(const struct http_req *h)
{
    static const struct zone utc;
    return h->rq.app != NULL ? &care_of(&h->rq)->zone : &utc;
}

static struct str role_title(const struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

static void set_me(struct http_req *h, struct val *root, const struct who *w)
{
    struct val *me = val_set_map(root, "me");
    const struct role_ref *here = who_role(w);
    val_set_str(me, "name", w->name);
    val_set_str(me, "login", w->audit.login);
    val_set_str(me, "person", w->person);
    val_set_bool(me, "choose", !w->role_chosen);
    val_set_bool(me, "patient", who_is_patient(w));
    if (here != NULL) {
        val_set_str(me, "role", role_title(h, here->code));
        val_set_str(me, "org", here->org_name);
    }
    struct val *list = val_set_list(me, "roles");
    for (uint32_t i = 0; i < w->n_roles; i++) {
        struct val *r = val_add_map(list);
        val_set_str(r, "id", w->roles[i].id);
        val_set_str(r, "title", role_title(h, w->roles[i].code));
        val_set_str(r, "org", w->roles[i].org_name);
        val_set_bool(r, "current", i == w->active);
    }
}

static void set_nav(struct http_req *h, struct val *root, const struct who *w)
{
    struct val *may = val_set_map(root, "may");
    for (size_t i = 0; i < LEN(rights); i++) {
        val_set_bool(may, rights[i].key, who_may(w, rights[i].right));
    }
    struct val *list = val_set_list(root, "nav");
    for (size_t i = 0; i < LEN(nav); i++) {
        bool theirs = nav[i].rights == 0 || who_may(w, nav[i].rights);
        bool of_patients = nav[i].rights == IS_PATIENT || str_eq(str_z(nav[i].href), S("/help"));
        if (!theirs || (who_is_patient(w) && !of_patients)) {
            continue;
        }
        struct val *m = val_add_map(list);
        val_set_z(m, "href", nav[i].href);
        val_set_str(m, "title", tr(h->rq.lang, nav[i].text));
        val_set_bool(m, "current", str_eq(h->path, str_z(nav[i].href)));
        val_set_bool(m, "work", nav[i].work);
        val_set_bool(m, "glass", str_eq(str_z(nav[i].href), S("/glass")));
    }
}

static void set_langs(struct http_req *h, struct val *root)
{
    struct val *list = val_set_list(root, "langs");
    for (unsigned l = 0; l < LANG_COUNT; l++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "code", lang_code((enum lang)l));
        val_set_str(m, "name", lang_name((enum lang)l));
        val_set_bool(m, "current", (enum lang)l == h->rq.lang);
    }
}

/* This address without the word about what was done, so that coming back does not say it again. */
static void set_path(struct http_req *h, struct val *page)
{
    struct str rest = h->query;
    struct str pair;
    struct buf b;
    char sep = '?';
    buf_init(&b, h->rq.a, TEXT_CAP);
    buf_str(&b, h->path);
    while (h->method == GET && str_cut(&rest, '&', &pair)) {
        if (pair.n == 0 || str_starts(pair, S("done="))) {
            continue;
        }
        buf_char(&b, sep);
        buf_str(&b, pair);
        sep = '&';
    }
    val_set_str(page, "path", buf_ok(&b) ? buf_get(&b) : h->path);
}

static void set_flash(struct http_req *h, struct val *root)
{
    struct str code = http_query(h, S("done"));
    for (size_t i = 0; i < LEN(flashes) && code.n > 0; i++) {
        if (str_eq(code, str_z(flashes[i].code))) {
            struct val *flash = val_set_map(root, "flash");
            val_set_z(flash, "kind", flashes[i].kind);
            val_set_str(flash, "what", tr(h->rq.lang, flashes[i].what));
            val_set_str(flash, "next", tr(h->rq.lang, flashes[i].next));
        }
    }
}

struct val *page_frame(struct http_req *h, const char *title)
{
    struct val *root = val_map(h->rq.a);
    struct val *page = val_set_map(root, "page");
    char *once = arena_alloc(h->rq.a, OS_ID_LEN + 1);
    if (once != NULL) {
        os_id(once);
        val_set_str(root, "once", (struct str){once, OS_ID_LEN});
    }
    val_set_str(root, "csrf", h->caller.csrf);
    val_set_str(page, "title", tr(h->rq.lang, title));
    val_set_str(page, "lang", lang_code(h->rq.lang));
    val_set_instant(page, "now", h->rq.now);
    val_set_bool(page, "demo", h->rq.app != NULL && web_of(&h->rq)->demo);
    set_path(h, page);
    set_langs(h, root);
    if (h->caller.kind != CALLER_NOBODY && h->rq.who != NULL) {
        set_me(h, root, h->rq.who);
        set_nav(h, root, h->rq.who);
    }
    return root;
}

/* What calls this person to an emergency, oldest first. */
static enum err set_ring(struct http_req *h, struct val *root)
{
    struct ring r = {0};
    uint32_t n = 0;
    TRY(ring_mine(&h->rq, &r, 1, &n));
    if (n > 0) {
        struct val *m = val_set_map(root, "ring");
        val_set_str(m, "href", page_path(h, "/cases/", r.case_id, ""));
        val_set_instant(m, "at", r.at);
    }
    return OK;
}

/* How many openings with a reason wait for this person's review: a number in the header. */
static enum err set_reviews(struct http_req *h, struct val *root)
{
    struct instant oldest = {0};
    uint32_t n = 0;
    TRY(glass_waiting(&h->rq, &n, &oldest));
    val_set_i64(root, "reviews", n);
    return OK;
}

enum err page_begin(struct http_req *h, const char *title, struct val **ret_root)
{
    uint32_t unread = 0;
    struct val *root = page_frame(h, title);
    TRY_MEM(&h->rq, root);
    set_flash(h, root);
    if (h->caller.kind != CALLER_NOBODY && h->rq.who != NULL && h->rq.db != NULL) {
        TRY(set_ring(h, root));
        TRY(set_reviews(h, root));
        TRY(notice_unread(&h->rq, &unread));
        val_set_i64(page_map(root, "bell"), "unread", unread);
    }
    *ret_root = root;
    return OK;
}

/* Members put there by these files are maps and lists of the arena, so they may be written. */
struct val *page_map(struct val *root, const char *key)
{
    const struct val *v = root != NULL ? val_find(root, str_z(key)) : NULL;
    return v != NULL ? (struct val *)(uintptr_t)v : val_set_map(root, key);
}

void page_title(struct val *root, struct str title)
{
    val_set_str(page_map(root, "page"), "title", title);
}

void page_kind(struct val *root, const char *kind)
{
    val_set_z(page_map(root, "page"), "kind", kind);
}

void page_events(struct val *root, struct str address)
{
    val_set_str(page_map(root, "page"), "events", address);
}

void page_upload(struct val *root)
{
    val_set_bool(page_map(root, "page"), "upload", true);
}

void page_viewer(struct val *root)
{
    val_set_bool(page_map(root, "page"), "viewer", true);
}

void page_meeting(struct http_req *h, struct val *root)
{
    val_set_bool(page_map(root, "page"), "meeting", true);
    page_room(h, root);
}

void page_room(struct http_req *h, struct val *root)
{
    val_set_bool(page_map(root, "page"), "room", true);
    http_reply_header(h, "Permissions-Policy",
                      S("camera=(self), microphone=(self), display-capture=(self), geolocation=()"));
}

static struct str asset_url(const struct req *rq, struct str name)
{
    const struct http_assets *t = rq->app != NULL ? web_of(rq)->assets : NULL;
    return t != NULL ? http_asset_url(t, name) : name;
}

enum err page_reply_status(struct http_req *h, unsigned status, struct val *root, view_tpl_fn tpl)
{
    struct buf out;
    struct view v;
    buf_init(&out, h->rq.a, PAGE_CAP);
    view_init(&v, &h->rq, &out, page_zone(h));
    v.asset = asset_url;
    TRY(tpl(&v, root));
    return http_reply(h, status, S("text/html; charset=utf-8"), buf_get(&out));
}

enum err page_reply(struct http_req *h, struct val *root, view_tpl_fn tpl)
{
    return page_reply_status(h, 200, root, tpl);
}

struct str page_path(struct http_req *h, const char *prefix, struct str id, const char *suffix)
{
    struct buf b;
    buf_init(&b, h->rq.a, TEXT_CAP);
    buf_str(&b, str_z(prefix));
    buf_str(&b, id);
    buf_str(&b, str_z(suffix));
    return buf_get(&b);
}
